//! The tasks that wait for a buffer of a group, all of whose buffers the program holds.
//!
//! Idea        The pool of the group wakes them when a buffer is given back, and the ring wakes them when the
//!             runtime shuts down. Both own this list; neither owns the other through it.
//! Invariants  I1 no waker is cloned, woken or dropped under the lock.

use std::task::Waker;

use selkie_core::raw::platform::Lock;

#[derive(Debug, Default)]
pub(super) struct BufferWaiters(Lock<Vec<Waker>>);

impl BufferWaiters {
    /// Adds `waker`, unless one like it is there.
    #[inline]
    pub(super) fn add(&self, waker: Waker) {
        let mut waiting = self.0.lock();
        let unused = if waiting.iter().any(|other| other.will_wake(&waker)) {
            Some(waker)
        } else {
            waiting.push(waker);
            None
        };
        drop(waiting);
        drop(unused); // I1
    }

    /// Takes all wakers, for the caller to wake outside of its own locks.
    #[inline]
    pub(super) fn take(&self) -> Vec<Waker> {
        std::mem::take(&mut *self.0.lock())
    }
}
