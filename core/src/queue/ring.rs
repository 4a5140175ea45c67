//! A bounded first-in, first-out ring: one owner pushes, the owner and thieves take.
//!
//! Idea        Head and tail only grow. The owner publishes by storing the tail; everyone takes by
//!             one compare-and-swap of the head, after having read what it would take.
//! States      `tail - head` items, at most [`RING_SLOTS`]
//! Invariants  I1 only the owner writes slots and the tail, and only slots outside `head..tail`.
//!             I2 what was read from slots counts only if the head is still where it was before the
//!                reads: the owner reuses a slot only after the head has passed it.
//!             I3 the head is a full word and does not come round within a thief's sleep.
//! Rejected    Two heads in one word (real and stealing): a thief that is suspended blocks the
//!             owner's slots, and short counters can come round.
//! Source      The run queue of Go's scheduler (Vyukov, "Scalable Go Scheduler Design", 2012); here
//!             pointers are moved, and overflow is the caller's business.

use core::array;
use core::ptr::NonNull;

use crate::platform::{AtomicPtr, AtomicUsize, Ordering};

/// Items that a ring holds.
pub const RING_SLOTS: usize = crate::platform::RING_SLOTS;

/// A ring of pointers to `T`s that live elsewhere.
#[derive(Debug)]
pub struct Ring<T> {
    head: AtomicUsize,
    tail: AtomicUsize,
    slots: [AtomicPtr<T>; RING_SLOTS],
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Ring<T> {
    /// A ring without items.
    pub fn new() -> Self {
        Self::starting_at(0)
    }

    /// A ring whose counters start at `start`, so that a test sees them come round.
    #[doc(hidden)]
    pub fn starting_at(start: usize) -> Self {
        Self {
            head: AtomicUsize::new(start),
            tail: AtomicUsize::new(start),
            slots: array::from_fn(|_| AtomicPtr::new(core::ptr::null_mut())),
        }
    }

    fn slot(&self, position: usize) -> &AtomicPtr<T> {
        &self.slots[position % RING_SLOTS]
    }

    /// How many items there are; a moment's view for others than the owner.
    pub fn len(&self) -> usize {
        // Acquire: a head read later than the tail may have passed it; then there is nothing.
        let head = self.head.load(Ordering::Acquire);
        let tail = self.tail.load(Ordering::Acquire);
        let len = tail.wrapping_sub(head);
        if len > RING_SLOTS { 0 } else { len }
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an item at the back. Owner only.
    ///
    /// # Errors
    /// The item, if the ring is full.
    #[inline]
    pub fn push(&self, item: NonNull<T>) -> Result<(), NonNull<T>> {
        let tail = self.tail.load(Ordering::Relaxed);
        // Acquire: pairs with the Release of whoever moved the head: its reads are done (I2).
        let head = self.head.load(Ordering::Acquire);
        if tail.wrapping_sub(head) >= RING_SLOTS {
            return Err(item);
        }
        // Relaxed: published by the tail.
        self.slot(tail).store(item.as_ptr(), Ordering::Relaxed);
        // Release: pairs with the Acquire loads of the tail in `take_half`.
        self.tail.store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Takes the oldest item. Owner only.
    #[inline]
    pub fn pop(&self) -> Option<NonNull<T>> {
        let tail = self.tail.load(Ordering::Relaxed);
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            if head == tail {
                return None;
            }
            // Relaxed: the owner wrote the slot itself.
            let item = self.slot(head).load(Ordering::Relaxed);
            // AcqRel: pairs with the other takers' (I2).
            match self.head.compare_exchange_weak(
                head,
                head.wrapping_add(1),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return NonNull::new(item),
                Err(now) => head = now,
            }
        }
    }

    /// Takes half of the items, at least one, oldest first, and hands each to `keep`. Anyone.
    ///
    /// `keep` is called after the items are ours, at most half a ring of times.
    pub fn take_half(&self, mut keep: impl FnMut(NonNull<T>)) -> usize {
        let mut taken = [core::ptr::null_mut(); RING_SLOTS / 2];
        loop {
            // Acquire: pairs with the Release of whoever moved the head.
            let head = self.head.load(Ordering::Acquire);
            // Acquire: pairs with the Release in `push`: the slots below are written.
            let tail = self.tail.load(Ordering::Acquire);
            let len = tail.wrapping_sub(head);
            if len == 0 {
                return 0;
            }
            let count = len - len / 2;
            if count > taken.len() {
                // The head was read too long before the tail.
                continue;
            }
            for (offset, place) in taken[..count].iter_mut().enumerate() {
                // Relaxed: counts only if the head has not moved (I2).
                *place = self.slot(head.wrapping_add(offset)).load(Ordering::Relaxed);
            }
            // AcqRel: pairs with the owner's Acquire in `push`: our reads are done (I2).
            let moved = self.head.compare_exchange(
                head,
                head.wrapping_add(count),
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if moved.is_ok() {
                taken[..count]
                    .iter()
                    .filter_map(|item| NonNull::new(*item))
                    .for_each(&mut keep);
                return count;
            }
        }
    }
}
