//! What an operation owns while the system works on it, and what the system reports of it.

use std::any::Any;

use io_uring::cqueue;

/// The outcome of an operation whose completion the system has lost.
pub(super) const LOST: i32 = -libc::EBADR;

/// A completion: the outcome of an operation, or one of several.
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

    /// Whether other completions follow; only the last one gives the memory of the operation back.
    #[inline]
    pub(super) fn has_more(self) -> bool {
        cqueue::more(self.flags)
    }

    /// Whether this is the notification of a zero-copy send, that its memory is free.
    #[inline]
    pub(super) fn is_notification(self) -> bool {
        cqueue::notif(self.flags)
    }

    /// The provided buffer that was filled, or the first of several.
    #[inline]
    pub(crate) fn buffer(self) -> Option<u16> {
        cqueue::buffer_select(self.flags)
    }
}

/// What an operation owns: memory and descriptors.
pub(crate) trait Payload: Any + Send + Sync {
    /// The resource (a descriptor, a buffer) that `completion` carries. Called for an operation that nobody
    /// waits for any more; the resource is given back by being dropped.
    #[inline]
    fn resource_of(&self, _completion: Completion) -> Option<Box<dyn Any + Send>> {
        None
    }

    /// The payload, to be downcast to what it was made from.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}
