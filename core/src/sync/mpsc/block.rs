//! A block: consecutive slots of a channel's queue.
//!
//! States      of a slot:  EMPTY ─publish→ READY;   EMPTY ─await→ WAITED ─publish→ READY
//!             in a ring also  READY ─reset→ EMPTY, by the receiver that took the value
//! Invariants  I1 a slot is published once per lap, by the sender that claimed its position; that is the
//!             sender's last access to the block. Only a ring has a second lap.
//!             I2 the value is initialised from READY until the receiver takes it, once.
//!             I3 the number of slots is a power of two.
//! Rejected    One bit mask of ready slots per block: senders of neighbouring positions would contend for
//!             one word.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::mem::MaybeUninit;
use core::ptr;

use crate::platform::{AtomicPtr, AtomicU8, Ordering, UnsafeCell, limit};

const EMPTY: u8 = 0;
const READY: u8 = 1;
const WAITED: u8 = 2;

/// What a block of small values measures: an idle channel keeps one.
const BLOCK_BYTES: usize = 512;
/// Most slots of a block; few where a model has to visit each of them.
const MOST_SLOTS: usize = limit(32, 2);

struct Slot<T> {
    state: AtomicU8,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// Whether the receiver waits for the slot that was just published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum OnPublish {
    /// Nobody waits.
    Silent,
    /// The receiver waits for this very slot.
    WakeReceiver,
}

/// A run of slots whose places share one block number.
pub(super) struct Block<T> {
    /// The places are `number * slots ..`.
    pub(super) number: u64,
    /// The next block, null until somebody needs it; written under the list's lock.
    pub(super) next: AtomicPtr<Block<T>>,
    /// The tail when the hint had left this block; guarded by the list's lock.
    pub(super) left_at: UnsafeCell<u64>,
    slots: Box<[Slot<T>]>,
}

impl<T> Block<T> {
    /// Slots of a block in a chain, a power of two.
    pub(super) const SLOTS: u64 = {
        let size = core::mem::size_of::<Slot<T>>();
        let mut slots = MOST_SLOTS;
        while slots > 2 && slots * size > BLOCK_BYTES {
            slots /= 2;
        }
        slots as u64
    };

    /// A block of empty slots, as many as a power of two.
    pub(super) fn new(number: u64, slots: usize) -> Box<Self> {
        assert!(slots.is_power_of_two(), "a power of two (I3): {slots}");
        let slots = (0..slots)
            .map(|_| Slot {
                state: AtomicU8::new(EMPTY),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            })
            .collect();
        Box::new(Self {
            number,
            next: AtomicPtr::new(ptr::null_mut()),
            left_at: UnsafeCell::new(0),
            slots,
        })
    }

    fn slot(&self, place: u64) -> &Slot<T> {
        let index = place as usize & (self.slots.len() - 1);
        // SAFETY: a number of slots that is a power of two, less one, masks below it (I3).
        unsafe { self.slots.get_unchecked(index) }
    }

    /// Writes the value of a place.
    ///
    /// # Safety
    /// The caller claimed `place`, which lies in this block, and publishes it only now.
    pub(super) unsafe fn publish(&self, place: u64, value: T) -> OnPublish {
        let slot = self.slot(place);
        slot.value.with_mut(|cell| {
            // SAFETY: before READY the slot is the claimer's (I1).
            unsafe { (*cell).write(value) };
        });
        // AcqRel: Release pairs with the Acquire in `is_ready`; Acquire with `await_slot`, whose
        // waker is to be found. The last touch of the block (I1).
        if slot.state.swap(READY, Ordering::AcqRel) == WAITED {
            OnPublish::WakeReceiver
        } else {
            OnPublish::Silent
        }
    }

    /// Whether the value of `place` is there, or was.
    #[inline]
    pub(super) fn is_ready(&self, place: u64) -> bool {
        // Acquire: pairs with the Release in `publish`.
        self.slot(place).state.load(Ordering::Acquire) == READY
    }

    /// Asks to be woken when `place` is published; `false` if it was already.
    pub(super) fn await_slot(&self, place: u64) -> bool {
        // AcqRel: Release pairs with the Acquire in `publish`, which then finds the waker that
        // was stored before; Acquire with its Release.
        self.slot(place)
            .state
            .compare_exchange(EMPTY, WAITED, Ordering::AcqRel, Ordering::Acquire)
            .map_or_else(|now| now == WAITED, |_| true)
    }

    /// Makes the slot of `place`, whose value was taken, ready for its next lap. The caller then
    /// gives the permit back, without which nobody claims that lap's place.
    pub(super) fn reset(&self, place: u64) {
        // Relaxed: the permit word orders this before the claim of the next lap.
        self.slot(place).state.store(EMPTY, Ordering::Relaxed);
    }

    /// Whether every slot was published, so that no sender will touch the block again (I1).
    pub(super) fn is_complete(&self) -> bool {
        // Acquire: pairs with the Release in `publish`.
        self.slots
            .iter()
            .all(|slot| slot.state.load(Ordering::Acquire) == READY)
    }

    /// Takes the value of `place`.
    ///
    /// # Safety
    /// The place is ready, and nobody took it before.
    pub(super) unsafe fn take(&self, place: u64) -> T {
        self.slot(place).value.with_mut(|cell| {
            // SAFETY: the caller's promise is I2.
            let cell = unsafe { &mut *cell };
            // SAFETY: as above: initialised, and not read again.
            unsafe { cell.assume_init_read() }
        })
    }
}
