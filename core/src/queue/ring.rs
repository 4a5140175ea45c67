//! A bounded first-in, first-out ring: one owner pushes, the owner and thieves take.
//!
//! Idea        Head and tail only grow. The owner publishes by storing the tail; everyone takes by one compare-and-swap of the
//!             head, after having read what it would take. The operations of the owner need the owner's end, of which
//!             there is one at a time: whoever runs the worker claims it, and gives it back when another thread takes the worker.
//! States      `tail - head` items, at most [`RING_SLOTS`]; free ⇄ owned
//! Invariants  I1 only the owner writes slots and the tail, and only slots outside `head..tail`.
//!             I2 what was read from slots counts only if the head is still where it was before the
//!                reads: the owner reuses a slot only after the head has passed it.
//!             I3 the head is a full word, so that it does not wrap around while a thief is suspended.
//!             I4 while `owned`, there is one [`RingOwner`], which one thread at a time uses.
//! Rejected    Two heads in one word (real and stealing): a thief that is suspended blocks the
//!             owner's slots, and short counters can wrap around. Two ends that each hold a reference count of the ring: the
//!             ring would be an allocation of its own, and to look at its length would take one load more.
//! Source      The run queue of Go's scheduler (Vyukov, "Scalable Go Scheduler Design", 2012); here
//!             pointers are moved, and the caller decides what happens with tasks that do not fit.
#![allow(unsafe_code)]

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;
use core::slice;

use crate::array_of;
use crate::collections::QueueHandle;
use crate::platform::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// Items that a ring holds.
pub const RING_SLOTS: usize = crate::platform::RING_SLOTS;

/// A ring of handles, as everybody sees it: it can be looked at and stolen from.
///
/// Pushing takes the owner's end:
///
/// ```compile_fail,E0599
/// use selkie_core::raw::{queue::Ring, task::Notified};
///
/// fn push_to_anyone(ring: &Ring<Notified>, task: Notified) {
///     let _ = ring.push(task);
/// }
/// ```
pub struct Ring<Q: QueueHandle> {
    head: AtomicUsize,
    tail: AtomicUsize,
    slots: [AtomicPtr<Q::Item>; RING_SLOTS],
    owned: AtomicBool,
}

// SAFETY: a ring moves handles from thread to thread, and shows nothing of them.
unsafe impl<Q: QueueHandle + Send> Sync for Ring<Q> {}
// SAFETY: as above.
unsafe impl<Q: QueueHandle + Send> Send for Ring<Q> {}

impl<Q: QueueHandle> Default for Ring<Q> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Q: QueueHandle> Ring<Q> {
    /// A ring without items.
    pub fn new() -> Self {
        Self::with_counters_at(0)
    }

    /// A ring whose counters start at `start`.
    pub(super) fn with_counters_at(start: usize) -> Self {
        Self {
            head: AtomicUsize::new(start),
            tail: AtomicUsize::new(start),
            slots: array_of!(AtomicPtr::new(core::ptr::null_mut()); RING_SLOTS),
            owned: AtomicBool::new(false),
        }
    }

    /// The owner's end; `None` if somebody has it.
    pub fn claim(&self) -> Option<RingOwner<'_, Q>> {
        // Acquire: pairs with the Release in the drop of the owner before, whose tail and slots are seen (I4).
        let claimed =
            self.owned
                .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
        // Made only when it was claimed: its drop gives the end back.
        claimed.is_ok().then(|| RingOwner {
            ring: self,
            _one_thread: PhantomData,
        })
    }

    fn slot(&self, position: usize) -> &AtomicPtr<Q::Item> {
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

    /// Takes half of the items, at least one, oldest first, and hands each to `keep`.
    ///
    /// `keep` is called after the items are ours, at most half a ring of times. If it panics, it is called for the
    /// rest all the same, so that no item is lost.
    pub fn take_half(&self, keep: impl FnMut(Q)) -> usize {
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
            for (offset, copy) in taken[..count].iter_mut().enumerate() {
                // Relaxed: counts only if the head has not moved (I2).
                *copy = self.slot(head.wrapping_add(offset)).load(Ordering::Relaxed);
            }
            // AcqRel: pairs with the owner's Acquire in `push`: our reads are done (I2).
            let moved = self.head.compare_exchange(
                head,
                head.wrapping_add(count),
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if moved.is_ok() {
                let mut taken = TakenGuard {
                    items: taken[..count].iter(),
                    keep,
                };
                taken.hand_on();
                return count;
            }
        }
    }
}

/// Items that were taken and are not yet handed on; when it drops, they are.
struct TakenGuard<'a, Q: QueueHandle, K: FnMut(Q)> {
    /// Words of handles that `push` wrote, which the head has passed: they are ours.
    items: slice::Iter<'a, *mut Q::Item>,
    keep: K,
}

impl<Q: QueueHandle, K: FnMut(Q)> TakenGuard<'_, Q, K> {
    #[inline]
    fn hand_on(&mut self) {
        for raw in self.items.by_ref().filter_map(|raw| NonNull::new(*raw)) {
            // SAFETY: `push` made it of a handle, which is ours, and the iterator yields it once.
            (self.keep)(unsafe { Q::from_raw(raw) });
        }
    }
}

impl<Q: QueueHandle, K: FnMut(Q)> Drop for TakenGuard<'_, Q, K> {
    #[inline]
    fn drop(&mut self) {
        // There are some only if `keep` has panicked.
        self.hand_on();
    }
}

impl<Q: QueueHandle> fmt::Debug for Ring<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The owner's end of a [`Ring`], which it derefs to.
///
/// It may move to another thread, but two threads cannot use it at once:
///
/// ```compile_fail,E0277
/// use selkie_core::raw::{queue::RingOwner, task::Notified};
///
/// fn shared<T: Sync>() {}
/// shared::<RingOwner<'static, Notified>>();
/// ```
#[must_use = "dropping it gives the owner's end back"]
pub struct RingOwner<'a, Q: QueueHandle> {
    ring: &'a Ring<Q>,
    /// Not `Sync` (I4).
    _one_thread: PhantomData<Cell<()>>,
}

impl<Q: QueueHandle> RingOwner<'_, Q> {
    /// Adds an item at the back.
    ///
    /// # Errors
    /// The item, if the ring is full.
    #[inline]
    pub fn push(&self, handle: Q) -> Result<(), Q> {
        // Relaxed: the owner's own (I1).
        let tail = self.ring.tail.load(Ordering::Relaxed);
        // Acquire: pairs with the Release of whoever moved the head: its reads are done (I2).
        let head = self.ring.head.load(Ordering::Acquire);
        if tail.wrapping_sub(head) >= RING_SLOTS {
            return Err(handle);
        }
        // Relaxed: published by the tail.
        self.ring
            .slot(tail)
            .store(handle.into_raw().as_ptr(), Ordering::Relaxed);
        // Release: pairs with the Acquire loads of the tail in `take_half`.
        self.ring
            .tail
            .store(tail.wrapping_add(1), Ordering::Release);
        Ok(())
    }

    /// Takes the oldest item.
    #[inline]
    pub fn pop(&self) -> Option<Q> {
        // Relaxed: the owner's own (I1).
        let tail = self.ring.tail.load(Ordering::Relaxed);
        let mut head = self.ring.head.load(Ordering::Relaxed);
        loop {
            if head == tail {
                return None;
            }
            // Relaxed: the owner wrote the slot itself.
            let item = self.ring.slot(head).load(Ordering::Relaxed);
            // AcqRel: pairs with the other takers' (I2).
            match self.ring.head.compare_exchange_weak(
                head,
                head.wrapping_add(1),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                // SAFETY: `push` made it of a handle, and the head has passed it: it is ours.
                Ok(_) => return NonNull::new(item).map(|raw| unsafe { Q::from_raw(raw) }),
                Err(now) => head = now,
            }
        }
    }
}

impl<Q: QueueHandle> Deref for RingOwner<'_, Q> {
    type Target = Ring<Q>;

    #[inline]
    fn deref(&self) -> &Ring<Q> {
        self.ring
    }
}

impl<Q: QueueHandle> Drop for RingOwner<'_, Q> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `claim` (I4).
        self.ring.owned.store(false, Ordering::Release);
    }
}

impl<Q: QueueHandle> fmt::Debug for RingOwner<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RingOwner").field(self.ring).finish()
    }
}
