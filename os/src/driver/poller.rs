//! What the poller is asked and what it tells, in its own words.

use mio::event::Event;

use super::slots::Carries;
use crate::io::{Interest, Ready};
use crate::sys::{self, Told};

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

/// What `event` tells.
pub(super) fn told(event: &Event) -> Told {
    Told {
        readable: event.is_readable(),
        writable: event.is_writable(),
        read_closed: event.is_read_closed(),
        write_closed: event.is_write_closed(),
        priority: event.is_priority(),
        error: event.is_error(),
    }
}

/// What it means that `told` was told of a source.
///
/// Of datagrams an error is what the next operation says, in whichever direction: both are ready. It does
/// not close anything, though pollers say so, and what is closed is so in both directions.
pub(super) fn readiness(mut told: Told, carries: Carries) -> Ready {
    if carries == Carries::Datagrams && told.error {
        told.readable = true;
        told.writable = true;
        told.write_closed &= told.read_closed;
    }
    let mut ready = Ready::EMPTY;
    let mut add = |is, kind| {
        if is {
            ready |= kind;
        }
    };
    add(told.readable, Ready::READABLE);
    add(told.writable, Ready::WRITABLE);
    add(told.read_closed, Ready::READ_CLOSED);
    add(told.write_closed, Ready::WRITE_CLOSED);
    add(told.priority, Ready::PRIORITY);
    add(told.error, Ready::ERROR);
    ready
}
