//! The queue through which tasks come in from outside a worker.
//!
//! Idea        A chain of items under a lock, and its length beside the lock, so that a worker takes no
//!             lock when the queue is empty.
//! States      open → closed
//! Invariants  I1 `len` is the chain's length whenever the lock is free: the guard of the lock sees to it.
//!             I2 nothing is pushed once closed.
//! Rejected    A lock-free list: its pop needs hazard tracking, and a burst is moved under one lock.

use crate::collections::{Chain, QueueHandle};
use crate::platform::{AtomicUsize, Lock, LockGuard, Ordering};

/// An unbounded queue that is linked through its items. Dropping it forgets the items that are in it.
#[derive(Debug)]
pub struct Inject<Q: QueueHandle> {
    len: AtomicUsize,
    inner: Lock<Inner<Q>>,
}

#[derive(Debug)]
struct Inner<Q: QueueHandle> {
    chain: Chain<Q>,
    closed: bool,
}

/// The queue with its lock held.
struct InjectGuard<'a, Q: QueueHandle> {
    len: &'a AtomicUsize,
    inner: LockGuard<'a, Inner<Q>>,
}

impl<Q: QueueHandle> Drop for InjectGuard<'_, Q> {
    #[inline]
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `Inject::len`. The lock is released after it (I1).
        self.len.store(self.inner.chain.len(), Ordering::Release);
    }
}

impl<Q: QueueHandle> Default for Inject<Q> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Q: QueueHandle> Inject<Q> {
    /// An open queue without items.
    pub fn new() -> Self {
        Self {
            len: AtomicUsize::new(0),
            inner: Lock::new(Inner {
                chain: Chain::new(),
                closed: false,
            }),
        }
    }

    #[inline]
    fn lock(&self) -> InjectGuard<'_, Q> {
        InjectGuard {
            len: &self.len,
            inner: self.inner.lock(),
        }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        // Acquire: pairs with the Release in the drop of the guard; a hint, the lock decides.
        self.len.load(Ordering::Acquire)
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an item at the back.
    ///
    /// # Errors
    /// The item, if the queue is closed.
    pub fn push(&self, item: Q) -> Result<(), Q> {
        let inner = &mut self.lock().inner;
        if inner.closed {
            return Err(item);
        }
        inner.chain.push(item);
        Ok(())
    }

    /// Adds all of `items` at the back, under one lock.
    ///
    /// # Errors
    /// The items, if the queue is closed.
    pub fn append(&self, mut items: Chain<Q>) -> Result<(), Chain<Q>> {
        let inner = &mut self.lock().inner;
        if inner.closed {
            return Err(items);
        }
        inner.chain.append(&mut items);
        Ok(())
    }

    /// Takes the oldest item.
    pub fn pop(&self) -> Option<Q> {
        let mut one = None;
        self.pop_many(1, |item| one = Some(item));
        one
    }

    /// Takes at most `most` items, oldest first, and hands each to `keep` under the lock. If `keep` panics, what it was
    /// not called for stays in the queue.
    pub fn pop_many(&self, most: usize, mut keep: impl FnMut(Q)) -> usize {
        if self.is_empty() {
            return 0;
        }
        let inner = &mut self.lock().inner;
        let mut taken = 0;
        while taken < most {
            let Some(item) = inner.chain.pop() else { break };
            keep(item);
            taken += 1;
        }
        taken
    }

    /// Refuses further items; `true` for the first call.
    pub fn close(&self) -> bool {
        !core::mem::replace(&mut self.inner.lock().closed, true)
    }

    /// Whether the queue is closed.
    pub fn is_closed(&self) -> bool {
        self.inner.lock().closed
    }
}
