//! What a call has received.

use libc::c_int;

use crate::ids::ObjectId;
use crate::kernel::read;
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
        if !self.passed.is_empty() {
            read(|state| {
                for object in self.passed {
                    state.release(object);
                }
            });
        }
        if flags & libc::MSG_TRUNC != 0 {
            self.whole
        } else {
            self.count
        }
    }
}
