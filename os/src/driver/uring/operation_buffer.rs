//! A buffer that the system may touch, with whatever else its operation needs.
#![allow(unsafe_code)]

use std::any::Any;
use std::ptr::NonNull;

use super::payload::Payload;

/// A buffer with an allocation of its own, and the owner of the descriptor that it is written to or read into.
pub(crate) struct OperationBuffer<B, O> {
    buf: NonNull<B>,
    _owner: O,
}

// SAFETY: it owns the buffer, as a box would.
unsafe impl<B: Send, O: Send> Send for OperationBuffer<B, O> {}
// SAFETY: a shared reference reaches neither the buffer nor the owner.
unsafe impl<B: Send, O: Send> Sync for OperationBuffer<B, O> {}

impl<B, O> OperationBuffer<B, O> {
    #[inline]
    pub(crate) fn new(buf: B, owner: O) -> Self {
        // A pointer, since the content of a box may not be pointed to while the box is moved.
        let buf = NonNull::from(Box::leak(Box::new(buf)));
        Self { buf, _owner: owner }
    }

    /// The buffer, while no operation has a pointer to it.
    ///
    /// # Safety
    /// The system does not touch the buffer now, and later only by a pointer that is taken from this.
    #[inline]
    pub(crate) unsafe fn buf(&mut self) -> &mut B {
        // SAFETY: the box is alive, and by the caller's promise nobody else uses its content.
        unsafe { self.buf.as_mut() }
    }

    #[inline]
    pub(crate) fn take(self) -> B {
        let held = std::mem::ManuallyDrop::new(self);
        // SAFETY: made from a box in `new`, and taken once: `held` does not drop it.
        let buf = unsafe { Box::from_raw(held.buf.as_ptr()) };
        // SAFETY: `held` is not used or dropped afterwards.
        drop(unsafe { std::ptr::read(&raw const held._owner) });
        *buf
    }
}

impl<B, O> Drop for OperationBuffer<B, O> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: made from a box in `new`, and not taken.
        drop(unsafe { Box::from_raw(self.buf.as_ptr()) });
    }
}

impl<B: Send + 'static, O: Send + 'static> Payload for OperationBuffer<B, O> {
    #[inline]
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
