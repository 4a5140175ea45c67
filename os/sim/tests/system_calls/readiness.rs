//! Waiting for what a descriptor is to become ready for.

use super::calls::poll;
use super::log::Log;

pub(crate) const IN: i16 = libc::POLLIN;
pub(crate) const OUT: i16 = libc::POLLOUT;
pub(crate) const RDHUP: i16 = libc::POLLRDHUP;

/// Waits until one of `events` has come, then says all that there is.
pub(crate) fn ready(log: &mut Log, what: &str, descriptor: i32, events: i16) {
    let waited = poll(&[(descriptor, events)], 3000).0;
    log.say(what, (waited, poll(&[(descriptor, IN | OUT | RDHUP)], 0).1));
}
