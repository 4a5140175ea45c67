//! Permits of which waiting tasks take one each, in the order in which they came: room in a queue, or its values.
//!
//! Idea        A permit that comes back while somebody waits goes to the first in the queue, who is then served: a task that
//!             comes later cannot take it. The queue is a ring that is linked through the waiters and known by its last one,
//!             so that it needs one word. All of this is compiled once, whatever the values of the queue are.
//! States      of a waiter: out of the queue ─push→ in it ─give→ served ─turn→ out;   in it ─leave→ out;
//!             served ─leave→ out, and its permit goes to the next
//! Invariants  I1 permits are left only while nobody is in the queue.
//!             I2 a permit that was given to a waiter is taken or passed on, also when its future is dropped.
//!             I3 a waiter's cell is touched under the lock of the permits; `waits` by its owner alone, and it is set exactly
//!                while the waiter is in the queue or served.
//!             I4 no waker is cloned, woken or dropped here: they are foreign code, and a lock is held.
//! Rejected    A list that is linked both ways: a waiter that gives up would leave at once, and each waiter and each queue
//!             would need a word more. So it walks from the first to itself: the queues are short.
#![allow(unsafe_code)]

use core::cell::Cell;
use core::marker::PhantomPinned;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::Waker;

use crate::maybe_const;
use crate::platform::UnsafeCell;

/// A waiting task's node, which stands in a future.
pub(super) struct Waiter {
    entry: UnsafeCell<Entry>,
    /// Whether it is in the queue or served (I3).
    waits: Cell<bool>,
    _pinned: PhantomPinned,
}

/// What the lock guards of a waiter.
struct Entry {
    /// The next in the ring.
    next: Option<NonNull<Waiter>>,
    /// `None` once it is served; without code for its drop, since who leaves the line takes it.
    waker: ManuallyDrop<Option<Waker>>,
}

// SAFETY: the entry is guarded by the lock of the permits, `waits` is its owner's (I3).
unsafe impl Send for Waiter {}
// SAFETY: shared by pointers that are used under the lock, for the entry alone (I3).
unsafe impl Sync for Waiter {}

// Nothing foreign runs while a waiter is half changed, so no panic shows one.
impl core::panic::RefUnwindSafe for Waiter {}

/// What became of a look.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TakeOutcome {
    /// The caller has a permit.
    Yours,
    /// It waits.
    Waits,
    /// It would wait, and needs a waker of its own.
    WakerNeeded,
}

impl Waiter {
    maybe_const! {
        /// One that is in no queue.
        pub(super) fn new() -> Self {
            Self {
                entry: UnsafeCell::new(Entry { next: None, waker: ManuallyDrop::new(None) }),
                waits: Cell::new(false),
                _pinned: PhantomPinned,
            }
        }
    }

    /// Whether it is in the queue or served.
    #[inline(always)]
    pub(super) fn waits(&self) -> bool {
        self.waits.get()
    }

    /// Says once more that its turn has come: where a waiter is dropped, the compiler then knows that it left.
    #[inline(always)]
    pub(super) fn settle(&self) {
        self.waits.set(false);
    }

    /// # Safety
    /// The caller holds the lock, and drops what it gets before it looks again.
    #[allow(clippy::mut_from_ref)]
    unsafe fn entry(&self) -> &mut Entry {
        // SAFETY: by the caller's promise (I3).
        self.entry.with_mut(|entry| unsafe { &mut *entry })
    }
}

/// Permits, and the queue of those who wait for one. Zero at the start, so that a static takes no flash.
pub(super) struct Permits {
    /// How many were put in from outside, less those that were taken: what is left, less the permits there are from the start.
    balance: isize,
    /// The last in the queue, whose `next` is the first.
    last: Option<NonNull<Waiter>>,
}

// SAFETY: waiters are reached through the lock of the permits.
unsafe impl Send for Permits {}

impl Permits {
    /// Permits of which none was taken, and none added.
    pub(super) const fn new() -> Self {
        Self {
            balance: 0,
            last: None,
        }
    }

    /// Takes a permit if one is left, of `start` that there were at the start.
    pub(super) fn take(&mut self, start: usize) -> bool {
        // No more than the slots of an array.
        let is_left = self.balance.wrapping_add_unsigned(start) > 0;
        if is_left {
            self.balance -= 1;
        }
        is_left
    }

    /// Adds a permit; returns whom to wake, to whom it went.
    #[inline(never)]
    pub(super) fn give(&mut self) -> Option<Waker> {
        let Some(last) = self.last else {
            self.balance += 1;
            return None;
        };
        let first = self.next(last);
        self.unlink(first, last);
        self.entry(first).waker.take()
    }

    /// Takes a permit for `waiter`, or the one that it was given; says what to do if there is none. `waker` is what it waits
    /// with, if it does.
    pub(super) fn look(&mut self, start: usize, waiter: &Waiter, waker: &Waker) -> TakeOutcome {
        if !waiter.waits.get() {
            return match self.take(start) {
                true => TakeOutcome::Yours,
                false => TakeOutcome::WakerNeeded,
            };
        }
        // SAFETY: under the lock.
        match &*unsafe { waiter.entry() }.waker {
            None => TakeOutcome::Yours,
            Some(known) if known.will_wake(waker) => TakeOutcome::Waits,
            Some(_) => TakeOutcome::WakerNeeded,
        }
    }

    /// Gives `waiter`, which was not served, a position in the queue, or another waker. Returns the one that it had, to be
    /// dropped after the lock is released.
    ///
    /// # Safety
    /// The waiter is pinned, belongs to the caller, waits nowhere but here, and [`leave`](Self::leave)s before it is dropped.
    pub(super) unsafe fn wait(&mut self, waiter: &Waiter, waker: Waker) -> Option<Waker> {
        // SAFETY: under the lock.
        let old = unsafe { waiter.entry() }.waker.replace(waker);
        if !waiter.waits.replace(true) {
            self.link(NonNull::from(waiter));
        }
        old
    }

    /// Leaves the queue, or passes a permit on; returns whom to wake. What is left in `spare` is to be dropped after the lock is
    /// released.
    ///
    /// # Safety
    /// The waiter waits here, and belongs to the caller.
    pub(super) unsafe fn leave(
        &mut self,
        waiter: &Waiter,
        spare: &mut Option<Waker>,
    ) -> Option<Waker> {
        waiter.waits.set(false);
        // SAFETY: under the lock.
        *spare = unsafe { waiter.entry() }.waker.take();
        if spare.is_none() {
            return self.give();
        }
        let waiter = NonNull::from(waiter);
        // SAFETY: it is in the queue, so there is a last one.
        let mut before = unsafe { self.last.unwrap_unchecked() };
        loop {
            let next = self.next(before);
            if next == waiter {
                break;
            }
            before = next;
        }
        self.unlink(waiter, before);
        None
    }

    /// The entry of a waiter that is in the queue, or about to be: such waiters are alive.
    fn entry(&mut self, waiter: NonNull<Waiter>) -> &mut Entry {
        // SAFETY: alive.
        let waiter = unsafe { waiter.as_ref() };
        // SAFETY: under the lock, which `self` stands for (I3).
        unsafe { waiter.entry() }
    }

    /// The one behind `waiter`, which is in the queue.
    fn next(&mut self, waiter: NonNull<Waiter>) -> NonNull<Waiter> {
        let next = self.entry(waiter).next;
        // SAFETY: the ring is closed.
        unsafe { next.unwrap_unchecked() }
    }

    /// Puts the waiter, which is in no queue, at the end.
    fn link(&mut self, waiter: NonNull<Waiter>) {
        let first = match self.last {
            Some(last) => {
                let first = self.next(last);
                self.entry(last).next = Some(waiter);
                first
            }
            None => waiter,
        };
        self.entry(waiter).next = Some(first);
        self.last = Some(waiter);
    }

    /// Takes the waiter out, which is in the queue, behind `before`.
    fn unlink(&mut self, waiter: NonNull<Waiter>, before: NonNull<Waiter>) {
        let next = self.next(waiter);
        self.entry(before).next = Some(next);
        if self.last == Some(waiter) {
            self.last = (before != waiter).then_some(before);
        }
    }
}
