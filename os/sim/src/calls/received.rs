//! What a call has received.

use libc::c_int;

use super::passed_descriptors::close_passed;
use crate::ids::ObjectId;
use crate::network::Address;

/// What a call has received.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) count: usize,
    /// Who sent it, of a datagram.
    pub(super) from: Option<Address>,
    /// How long it was, more than there was room for if it is a datagram.
    pub(super) whole: usize,
    /// Objects that were passed with it, as references that the caller has now.
    pub(super) passed: Vec<ObjectId>,
}

impl Received {
    /// What the call returns; objects that were passed are closed.
    pub(super) fn length(self, flags: c_int) -> usize {
        close_passed(self.passed);
        if flags & libc::MSG_TRUNC != 0 {
            self.whole
        } else {
            self.count
        }
    }
}
