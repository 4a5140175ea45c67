//! One timer: what stands in its owner's memory and, while it waits, in a wheel.
//!
//! Idea        The owner (a pinned `Sleep`) and the shard of the wheel share the entry. One
//!             byte says which of them may touch which part.
//! States      IDLE ─insert→ PENDING ─fire→ FIRED;   PENDING ─shutdown→ CLOSED;
//!             PENDING ─remove→ IDLE;   IDLE ─too late to insert→ FIRED;
//!             FIRED, CLOSED ─owner's rearm→ IDLE
//!             A PENDING entry that is moved to a later deadline is postponed: it stays where it is in
//!             the wheel, and is inserted again when its old tick has come.
//! Invariants  I1 only the holder of the shard's lock leaves or enters PENDING, and touches the
//!                links, `tick` and `postponed` while PENDING. `deadline` is written by the owner alone,
//!                and while PENDING under the lock, so that the shard may read it there.
//!             I2 `waker` is initialised exactly while PENDING; while PENDING it is written by the
//!                owner under the lock only. So the owner may read it without the lock.
//!             I3 the store that ends PENDING is the shard's last access: after it the owner may
//!                free the entry.
//! Rejected    An atomic waker cell: two more read-modify-writes per timer for a race that the
//!             wheel's lock has settled already.
#![allow(unsafe_code)]

use core::fmt;
use core::marker::PhantomPinned;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::task::Waker;

use super::instant::Instant;
use crate::collections::{Link, Linked};
use crate::platform::{AtomicU8, Ordering, UnsafeCell};

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// In no wheel.
    Idle = 0,
    /// In a wheel, or about to be fired by the holder of its lock.
    Pending = 1,
    /// Its time has come.
    Fired = 2,
    /// Its shard was shut down before its time came.
    Closed = 3,
}

/// A timer's record; 64 bytes on 64-bit machines.
pub(super) struct Entry {
    link: UnsafeCell<Link<Self>>,
    tick: UnsafeCell<u64>,
    deadline: UnsafeCell<Instant>,
    waker: UnsafeCell<MaybeUninit<Waker>>,
    /// Which opening of its shard the timer belongs to; here, where it takes no room.
    epoch: u32,
    phase: AtomicU8,
    /// Whether `deadline` lies after `tick`.
    postponed: UnsafeCell<bool>,
    /// Whether it was reset while it did not wait: from then on it counts as waiting, though it is
    /// inserted at the next poll only. The owner's.
    moved: bool,
    _pinned: PhantomPinned,
}

// SAFETY: the links and the tick are guarded by the shard's lock, the waker follows I2.
unsafe impl Send for Entry {}
// SAFETY: as above.
unsafe impl Sync for Entry {}

// SAFETY: `link` projects to the one field; only the list touches it while linked (I1).
unsafe impl Linked for Entry {
    unsafe fn link(node: NonNull<Self>) -> NonNull<Link<Self>> {
        // SAFETY: the node is alive by the caller's promise.
        let entry = unsafe { node.as_ref() };
        // SAFETY: a cell's pointer is never null.
        entry
            .link
            .with_mut(|link| unsafe { NonNull::new_unchecked(link) })
    }
}

impl Entry {
    /// An entry in no wheel, of a timer that belongs to the `epoch`th opening of its shard.
    pub(super) fn new(epoch: u32, deadline: Instant) -> Self {
        Self {
            epoch,
            deadline: UnsafeCell::new(deadline),
            postponed: UnsafeCell::new(false),
            moved: false,
            link: UnsafeCell::new(Link::new()),
            tick: UnsafeCell::new(0),
            waker: UnsafeCell::new(MaybeUninit::uninit()),
            phase: AtomicU8::new(Phase::Idle as u8),
            _pinned: PhantomPinned,
        }
    }

    /// Which opening of its shard the timer belongs to.
    #[inline]
    pub(super) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Where the entry stands.
    #[inline]
    pub(super) fn phase(&self) -> Phase {
        // Acquire: pairs with the Release in `end`: what happened before the wake is seen.
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Idle,
            1 => Phase::Pending,
            2 => Phase::Fired,
            _ => Phase::Closed,
        }
    }

    /// When it is due.
    ///
    /// # Safety
    /// The caller is the owner, or holds the shard's lock while the entry is PENDING.
    #[inline]
    pub(super) unsafe fn deadline(&self) -> Instant {
        // SAFETY: nobody writes it now (I1).
        self.deadline.with(|deadline| unsafe { *deadline })
    }

    /// Changes when it is due.
    ///
    /// # Safety
    /// The caller is the owner, and holds the shard's lock if the entry is PENDING.
    #[inline]
    pub(super) unsafe fn set_deadline(&self, due: Instant) {
        // SAFETY: nobody else looks at it now (I1).
        self.deadline
            .with_mut(|deadline| unsafe { *deadline = due });
    }

    /// Says whether the deadline lies after the tick that the entry has in its wheel.
    ///
    /// # Safety
    /// The caller holds the shard's lock, and the entry is PENDING.
    pub(super) unsafe fn set_postponed(&self, is: bool) {
        // SAFETY: the caller holds the lock (I1).
        self.postponed
            .with_mut(|postponed| unsafe { *postponed = is });
    }

    /// Whether the deadline lies after the tick that the entry has in its wheel.
    ///
    /// # Safety
    /// As for [`set_postponed`](Self::set_postponed).
    pub(super) unsafe fn is_postponed(&self) -> bool {
        // SAFETY: the caller holds the lock (I1).
        self.postponed.with(|postponed| unsafe { *postponed })
    }

    /// The tick at which it is due.
    ///
    /// # Safety
    /// `entry` is alive, and the caller holds the lock of the shard whose wheel it is or was in.
    #[inline]
    pub(super) unsafe fn tick(entry: NonNull<Self>) -> u64 {
        // SAFETY: alive by the caller's promise.
        let this = unsafe { entry.as_ref() };
        // SAFETY: the caller holds the lock (I1).
        this.tick.with(|tick| unsafe { *tick })
    }

    /// Changes the tick at which it is due.
    ///
    /// # Safety
    /// The caller holds the shard's lock, and the entry is in no list.
    #[inline]
    pub(super) unsafe fn set_tick(&self, due_tick: u64) {
        // SAFETY: the caller holds the lock (I1).
        self.tick.with_mut(|tick| unsafe { *tick = due_tick });
    }

    /// Goes from IDLE to PENDING, with the waker to wake.
    ///
    /// # Safety
    /// The caller is the owner, holds the shard's lock, and puts the entry into its wheel before it
    /// lets the lock go. The entry is not PENDING.
    pub(super) unsafe fn begin(&self, due_tick: u64, waker: Waker) {
        debug_assert_ne!(self.phase(), Phase::Pending, "timer inserted twice");
        // SAFETY: the caller holds the lock and the entry is in no list.
        unsafe { self.set_tick(due_tick) };
        // SAFETY: as above.
        unsafe { self.set_postponed(false) };
        self.waker.with_mut(|slot| {
            // SAFETY: not PENDING, so the owner alone touches the slot, and it is empty (I2).
            unsafe { slot.cast::<Waker>().write(waker) };
        });
        // Relaxed: others learn of the entry through the lock.
        self.phase.store(Phase::Pending as u8, Ordering::Relaxed);
    }

    /// Ends PENDING, with `phase` to be seen by the owner, and returns the waker.
    ///
    /// # Safety
    /// The caller holds the shard's lock, the entry is PENDING and out of every list. After this
    /// the caller does not touch the entry (I3), unless it is the owner.
    pub(super) unsafe fn end(entry: NonNull<Self>, phase: Phase) -> Waker {
        debug_assert_ne!(phase, Phase::Pending);
        // SAFETY: PENDING entries are alive: their owner's drop takes the lock first.
        let this = unsafe { entry.as_ref() };
        // SAFETY: PENDING, so the waker is there (I2). It is read, not written, since the owner
        // may be comparing it; the store below makes the slot count as empty.
        let waker = this
            .waker
            .with(|slot| unsafe { slot.cast::<Waker>().read() });
        // Release: pairs with the Acquire in `phase`; the last access (I3).
        this.phase.store(phase as u8, Ordering::Release);
        waker
    }

    /// Whether PENDING would wake `waker`. Takes no lock; only the owner asks.
    ///
    /// # Safety
    /// The caller is the owner and saw PENDING since it last changed the waker.
    #[inline]
    pub(super) unsafe fn has_waker(&self, waker: &Waker) -> bool {
        self.waker.with(|slot| {
            // SAFETY: written by this very owner before (I2). If the shard fires it meanwhile, the
            // bits stay as they are, and only the two words are compared.
            let known = unsafe { &*slot.cast::<Waker>() };
            known.will_wake(waker)
        })
    }

    /// Puts `waker` in place of the one PENDING holds, which is returned.
    ///
    /// # Safety
    /// The caller is the owner, holds the shard's lock, and the entry is PENDING.
    pub(super) unsafe fn replace_waker(&self, waker: Waker) -> Waker {
        self.waker.with_mut(|slot| {
            // SAFETY: the owner under the lock (I2).
            let known = unsafe { &mut *slot.cast::<Waker>() };
            core::mem::replace(known, waker)
        })
    }

    /// From IDLE to FIRED without a wheel: the deadline had passed when it was to be inserted.
    pub(super) fn fire_at_once(&mut self) {
        debug_assert_eq!(self.phase(), Phase::Idle);
        // Relaxed: nobody else looks at an entry that is not PENDING.
        self.phase.store(Phase::Fired as u8, Ordering::Relaxed);
    }

    /// Whether the entry was armed again since it was made; of use while it is IDLE.
    pub(super) fn was_moved(&self) -> bool {
        self.moved
    }

    /// Back to IDLE after it fired; the owner alone calls this, and never while PENDING.
    pub(super) fn rearm(&mut self) {
        debug_assert_ne!(self.phase(), Phase::Pending);
        self.moved = true;
        // Relaxed: nobody else looks at an entry that is not PENDING.
        self.phase.store(Phase::Idle as u8, Ordering::Relaxed);
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}
