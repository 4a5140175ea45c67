//! What an operation owns while the system works at it, and what the system says of it.

use std::any::Any;

use io_uring::cqueue;

/// The outcome of an operation whose completion the system has lost.
pub(super) const LOST: i32 = -libc::EBADR;

/// What the system says: an outcome, or one of several.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Completion {
    /// What the system call would have returned, errors as negative numbers.
    pub(crate) result: i32,
    flags: u32,
}

impl Completion {
    pub(super) const fn new(result: i32, flags: u32) -> Self {
        Self { result, flags }
    }

    /// Whether others follow; only the last gives the operation's memory back.
    pub(super) fn has_more(self) -> bool {
        cqueue::more(self.flags)
    }

    /// Whether it tells nothing but that the operation's memory is free.
    pub(super) fn is_notice(self) -> bool {
        cqueue::notif(self.flags)
    }

    /// The provided buffer that was filled, or the first of several.
    pub(crate) fn buffer(self) -> Option<u16> {
        cqueue::buffer_select(self.flags)
    }
}

/// What an operation owns: memory, descriptors.
pub(crate) trait Payload: Any + Send + Sync {
    /// What `completion` carries to an operation that nobody waits for any more: what is given
    /// back by being dropped.
    fn carried(&self, _completion: Completion) -> Option<Box<dyn Any + Send>> {
        None
    }

    /// The payload as what it was made from.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}
