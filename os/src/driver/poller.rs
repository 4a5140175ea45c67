//! What the poller is asked and what it tells, in its own words.

use mio::event::Event;

use super::slots::Carries;
use crate::io::{Interest, Ready};
use crate::sys::{self, PolledReadiness};

/// `interest`, as the poller takes it.
pub(super) fn ask(interest: Interest) -> mio::Interest {
    let mut asked: Option<mio::Interest> = None;
    let mut add = |more: mio::Interest| asked = Some(asked.map_or(more, |had| had.add(more)));
    // The poller reports errors always but wants to be asked for something.
    if interest.is_readable() || interest.is_error() {
        add(mio::Interest::READABLE);
    }
    if interest.is_writable() {
        add(mio::Interest::WRITABLE);
    }
    if interest.is_priority() {
        add(sys::PRIORITY_INTEREST);
    }
    asked.unwrap_or(mio::Interest::READABLE)
}

/// What `event` tells of a source.
#[inline]
pub(super) fn told(event: &Event, carries: Carries) -> Ready {
    let mut told = Ready::EMPTY;
    let mut add = |is, kind| {
        if is {
            told |= kind;
        }
    };
    // The completion of an operation is there to be fetched; nowhere but on FreeBSD is there such an event.
    let is_completion = event.is_aio() || event.is_lio();
    add(event.is_readable() || is_completion, Ready::READABLE);
    add(event.is_writable(), Ready::WRITABLE);
    add(event.is_read_closed(), Ready::READ_CLOSED);
    add(event.is_write_closed(), Ready::WRITE_CLOSED);
    add(event.is_priority(), Ready::PRIORITY);
    add(event.is_error(), Ready::ERROR);
    meant(told, carries)
}

/// What the system's `answer` to a question tells of a source.
pub(super) fn answered(answer: PolledReadiness, carries: Carries) -> Ready {
    let kinds = [
        (answer.readable, Ready::READABLE),
        (answer.writable, Ready::WRITABLE),
        (answer.read_closed, Ready::READ_CLOSED),
        (answer.write_closed, Ready::WRITE_CLOSED),
        (answer.priority, Ready::PRIORITY),
        (answer.error, Ready::ERROR),
    ];
    let told = kinds.into_iter().filter(|(is, _)| *is);
    meant(
        told.fold(Ready::EMPTY, |all, (_, kind)| all | kind),
        carries,
    )
}

/// What it means that `told` was told of a source.
///
/// Of datagrams an error is what the next operation says, in whichever direction: both are ready. It does
/// not close anything, though pollers say so, and what is closed is so in both directions.
#[inline]
fn meant(told: Ready, carries: Carries) -> Ready {
    if carries == Carries::Bytes || !told.is_error() {
        return told;
    }
    let told = told | Ready::READABLE | Ready::WRITABLE;
    match told.is_read_closed() {
        true => told,
        false => told - Ready::WRITE_CLOSED,
    }
}
