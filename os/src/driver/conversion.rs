//! Conversions between the types of mio and of `poll` and our own.

use mio::event::Event;

use super::slots::SourceKind;
use crate::async_io::{Interest, Ready};
use crate::sys::{self, PolledReadiness};

/// `interest` as mio's type.
pub(super) fn to_mio(interest: Interest) -> mio::Interest {
    let mut wanted: Option<mio::Interest> = None;
    let mut add = |more: mio::Interest| wanted = Some(wanted.map_or(more, |had| had.add(more)));
    // Every registration reports errors, but mio wants at least one other interest.
    if interest.is_readable() || interest.is_error() {
        add(mio::Interest::READABLE);
    }
    if interest.is_writable() {
        add(mio::Interest::WRITABLE);
    }
    if interest.is_priority() {
        add(sys::PRIORITY_INTEREST);
    }
    wanted.unwrap_or(mio::Interest::READABLE)
}

/// What `event` reports of a source.
#[inline]
pub(super) fn ready_of_event(event: &Event, kind: SourceKind) -> Ready {
    let mut ready = Ready::EMPTY;
    let mut add = |is, bit| {
        if is {
            ready |= bit;
        }
    };
    // An event of FreeBSD's AIO: an operation has completed, and its outcome can be fetched.
    let is_completion = event.is_aio() || event.is_lio();
    add(event.is_readable() || is_completion, Ready::READABLE);
    add(event.is_writable(), Ready::WRITABLE);
    add(event.is_read_closed(), Ready::READ_CLOSED);
    add(event.is_write_closed(), Ready::WRITE_CLOSED);
    add(event.is_priority(), Ready::PRIORITY);
    add(event.is_error(), Ready::ERROR);
    ready_for_kind(ready, kind)
}

/// What `polled`, the system's answer to `poll`, reports of a source.
pub(super) fn ready_of_poll(polled: PolledReadiness, kind: SourceKind) -> Ready {
    let mut ready = Ready::EMPTY;
    let mut add = |is, bit| {
        if is {
            ready |= bit;
        }
    };
    add(polled.readable, Ready::READABLE);
    add(polled.writable, Ready::WRITABLE);
    add(polled.read_closed, Ready::READ_CLOSED);
    add(polled.write_closed, Ready::WRITE_CLOSED);
    add(polled.priority, Ready::PRIORITY);
    add(polled.error, Ready::ERROR);
    ready_for_kind(ready, kind)
}

/// What `ready`, as it was reported, means for a source of this `kind`.
///
/// An error on a datagram socket is the outcome of the next operation in whichever direction that is, so that
/// both directions are ready. It closes nothing, although pollers report that too: a datagram socket is closed
/// in both directions or in none.
#[inline]
fn ready_for_kind(ready: Ready, kind: SourceKind) -> Ready {
    if kind == SourceKind::Stream || !ready.is_error() {
        return ready;
    }
    let ready = ready | Ready::READABLE | Ready::WRITABLE;
    match ready.is_read_closed() {
        true => ready,
        false => ready - Ready::WRITE_CLOSED,
    }
}
