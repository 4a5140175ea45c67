//! One timer: what stands in its owner's memory and, while it waits, in a list.
//!
//! States      IDLE ─insert→ WAITING ─fire→ FIRED;   WAITING ─shutdown→ CLOSED;   WAITING ─remove→ IDLE;
//!             FIRED, CLOSED ─owner's rearm→ IDLE
//! Invariants  I1 everything but the flags is touched under the lock of the timers.
//!             I2 the flags are the owner's alone, and `waits` is set at least while the entry is WAITING.
//!             I3 the entry has a waker exactly while it is WAITING.
#![allow(unsafe_code)]

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomPinned;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::Waker;

use crate::platform::{RawInstant, UnsafeCell};

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// In no list.
    Idle,
    /// In the list.
    Waiting,
    /// Its time has come.
    Fired,
    /// The timers were shut down before its time came.
    Closed,
}

/// A moment that needs no alignment beyond a word's.
#[derive(Clone, Copy)]
#[repr(Rust, packed(4))]
struct PackedInstant(RawInstant);

/// What the lock guards of an entry, beside its phase.
pub(super) struct EntryState {
    pub(super) next: Option<NonNull<Entry>>,
    /// Without code for its drop: who takes the entry out of the list takes the waker (I3).
    pub(super) waker: ManuallyDrop<Option<Waker>>,
    deadline: PackedInstant,
}

impl EntryState {
    /// When it is due.
    pub(super) const fn deadline(&self) -> RawInstant {
        self.deadline.0
    }

    /// Changes when it is due.
    pub(super) const fn set_deadline(&mut self, deadline: RawInstant) {
        self.deadline = PackedInstant(deadline);
    }
}

/// A timer's record; 24 bytes on 32-bit machines.
pub(super) struct Entry {
    state: UnsafeCell<EntryState>,
    /// Beside the state, so that the flags lie in the same word.
    phase: UnsafeCell<Phase>,
    waits: Cell<bool>,
    was_moved: Cell<bool>,
    _pinned: PhantomPinned,
}

// Memory: what a timer of a chip costs.
const _: () = assert!(size_of::<usize>() > 4 || size_of::<Entry>() == 24);

// SAFETY: state and phase are guarded by the lock of the timers, the flags are the owner's (I1, I2).
unsafe impl Send for Entry {}
// SAFETY: shared by pointers that are used under the lock, for state and phase alone.
unsafe impl Sync for Entry {}

// Nothing foreign runs while an entry is half changed, so no panic shows one.
impl core::panic::RefUnwindSafe for Entry {}

impl Entry {
    /// An entry in no list.
    pub(super) const fn new(deadline: RawInstant) -> Self {
        Self {
            state: UnsafeCell::new(EntryState {
                next: None,
                waker: ManuallyDrop::new(None),
                deadline: PackedInstant(deadline),
            }),
            phase: UnsafeCell::new(Phase::Idle),
            waits: Cell::new(false),
            was_moved: Cell::new(false),
            _pinned: PhantomPinned,
        }
    }

    /// Whether it may be in the list; the owner asks.
    #[inline(always)]
    pub(super) fn waits(&self) -> bool {
        self.waits.get()
    }

    /// Says whether it may be in the list; the owner does.
    #[inline(always)]
    pub(super) fn set_waits(&self, waits: bool) {
        self.waits.set(waits);
    }

    /// Whether it was moved while it did not wait: from then on it counts as waiting, though it is inserted at the next poll
    /// only. The owner asks.
    pub(super) fn was_moved(&self) -> bool {
        self.was_moved.get()
    }

    /// Says that it was moved while it did not wait; the owner does.
    pub(super) fn set_moved(&self) {
        self.was_moved.set(true);
    }

    /// Where it stands.
    ///
    /// # Safety
    /// The caller holds the lock of the timers.
    pub(super) unsafe fn phase(&self) -> Phase {
        // SAFETY: by the caller's promise (I1).
        self.phase.with(|phase| unsafe { *phase })
    }

    /// Changes where it stands.
    ///
    /// # Safety
    /// The caller holds the lock of the timers.
    pub(super) unsafe fn set_phase(&self, next: Phase) {
        // SAFETY: by the caller's promise (I1).
        self.phase.with_mut(|phase| unsafe { *phase = next });
    }

    /// # Safety
    /// The caller holds the lock of the timers, and drops what it gets before it or another looks again.
    #[allow(clippy::mut_from_ref)]
    pub(super) unsafe fn state(&self) -> &mut EntryState {
        // SAFETY: by the caller's promise (I1).
        self.state.with_mut(|state| unsafe { &mut *state })
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("waits", &self.waits())
            .finish_non_exhaustive()
    }
}
