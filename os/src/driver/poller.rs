//! What the poller is asked and what it tells, in its own words.

use mio::event::Event;

use crate::io::{Interest, Ready};
use crate::sys;

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
pub(super) fn told(event: &Event) -> Ready {
    let mut told = Ready::EMPTY;
    let mut add = |is, kind| {
        if is {
            told |= kind;
        }
    };
    add(event.is_readable(), Ready::READABLE);
    add(event.is_writable(), Ready::WRITABLE);
    add(event.is_read_closed(), Ready::READ_CLOSED);
    add(event.is_write_closed(), Ready::WRITE_CLOSED);
    add(event.is_priority(), Ready::PRIORITY);
    add(event.is_error(), Ready::ERROR);
    told
}
