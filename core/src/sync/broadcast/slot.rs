//! One slot of a broadcast channel's ring: a value, and how many receivers have yet to see it.
//!
//! Idea        The word is a lock for the value: whoever sets BUSY owns the slot until it stores
//!             the next word, so leaving costs a plain store. Clones are made one at a time, which
//!             is why values need not be `Sync`.
//! States      EMPTY ─write→ FULL, unseen by n ─see→ … ─last see→ EMPTY;   FULL ⇄ BUSY
//! Invariants  I1 `position` and `value` are touched by the owner of BUSY, or, while the slot is
//!             EMPTY, by the sender that holds the channel's lock.
//!             I2 a full slot is unseen by at least one receiver.
//!             I3 without threads the owner of BUSY is in a critical section, the clone of the value
//!             included: an interrupt handler that found BUSY could only wait for the context that
//!             it suspended.
//! Rejected    A count of readers instead of BUSY: clones of one value at the same time, so only
//!             for `Sync` values.
#![allow(unsafe_code)]

use crate::platform::{
    AtomicUsize, HAS_THREADS, Ordering, UnsafeCell, relax, without_interrupts, yield_thread,
};

const EMPTY: usize = 0;
const FULL: usize = 0b01;
const BUSY: usize = 0b10;
const UNSEEN: usize = 0b100;

/// Spins before a thread that waits for BUSY lets others run.
const SPINS: usize = 32;

/// A slot of the ring.
pub(super) struct Slot<T> {
    word: AtomicUsize,
    position: UnsafeCell<u64>,
    value: UnsafeCell<Option<T>>,
}

/// Ownership of a full slot (I1); dropped, it marks the value as seen by one more.
struct Seeing<'a, T> {
    slot: &'a Slot<T>,
    word: usize,
}

impl<T> Seeing<'_, T> {
    fn is_last(&self) -> bool {
        self.word < 2 * UNSEEN
    }

    /// Gives the slot up, and returns the value if nobody has yet to see it.
    fn end(&self) -> Option<T> {
        let mut value = None;
        let next = if self.is_last() {
            value = self.slot.value.with_mut(|slot| {
                // SAFETY: we own BUSY (I1).
                unsafe { &mut *slot }.take()
            });
            EMPTY
        } else {
            self.word - UNSEEN
        };
        // Release: pairs with the Acquire of the next owner.
        self.slot.word.store(next, Ordering::Release);
        value
    }

    /// As dropping it, but the value is the caller's to drop.
    #[must_use = "it is dropped where no section is open"]
    fn finish(self) -> Option<T> {
        let value = self.end();
        core::mem::forget(self);
        value
    }
}

impl<T> Drop for Seeing<'_, T> {
    fn drop(&mut self) {
        drop(self.end());
    }
}

impl<T> Slot<T> {
    pub(super) fn new() -> Self {
        Self {
            word: AtomicUsize::new(EMPTY),
            position: UnsafeCell::new(0),
            value: UnsafeCell::new(None),
        }
    }

    /// Makes the slot the caller's if it is full, and returns the word before.
    fn own(&self) -> Option<usize> {
        let mut spins = 0;
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & BUSY != 0 {
                if !HAS_THREADS {
                    panic!("a value's clone came back to its own broadcast channel (I3)");
                }
                spins += 1;
                if spins % SPINS == 0 {
                    yield_thread()
                } else {
                    relax()
                }
                word = self.word.load(Ordering::Relaxed);
                continue;
            }
            if word & FULL == 0 {
                return None;
            }
            // Acquire: pairs with the Release of the owner before.
            match self.word.compare_exchange_weak(
                word,
                word | BUSY,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Some(word),
                Err(now) => word = now,
            }
        }
    }

    /// Owns the slot if it holds the value of `position`.
    fn own_at(&self, position: u64) -> Option<Seeing<'_, T>> {
        let word = self.own()?;
        let held = self.position.with(|held| {
            // SAFETY: we own BUSY (I1).
            unsafe { *held }
        });
        if held != position {
            // Release: nothing was changed, but the next owner pairs with it all the same.
            self.word.store(word, Ordering::Release);
            return None;
        }
        Some(Seeing { slot: self, word })
    }

    /// The value of `position`, seen by one more; `None` if the slot does not hold it.
    ///
    /// The value counts as seen also when its `clone` panics.
    pub(super) fn see(&self, position: u64) -> Option<T>
    where
        T: Clone,
    {
        // In a section without threads (I3); the last value is dropped behind it.
        let (value, last) = without_interrupts(|| {
            let seeing = self.own_at(position)?;
            let value = self.value.with(|value| {
                // SAFETY: we own BUSY until `seeing` is finished (I1).
                unsafe { &*value }.clone()
            });
            Some((value, seeing.finish()))
        })?;
        drop(last);
        value
    }

    /// Counts the value of `position` as seen by one more, without a look.
    pub(super) fn skip(&self, position: u64) {
        // As in `see`.
        let last = without_interrupts(|| self.own_at(position).and_then(Seeing::finish));
        drop(last);
    }

    /// Whether a receiver has yet to see the value.
    pub(super) fn is_unseen(&self) -> bool {
        // Acquire: pairs with the Release in `Seeing::drop`.
        self.word.load(Ordering::Acquire) >= UNSEEN
    }

    /// Writes the next value, for `receivers` to see, and returns the one that it replaces.
    ///
    /// # Safety
    /// The caller holds the channel's lock.
    pub(super) unsafe fn write(&self, position: u64, value: T, receivers: usize) -> Option<T> {
        if self.own().is_none() {
            // Acquire: pairs with the Release of the last receiver that saw the value before.
            self.word.load(Ordering::Acquire);
        }
        self.position.with_mut(|held| {
            // SAFETY: we own BUSY, or the slot is empty and we hold the lock (I1).
            unsafe { *held = position }
        });
        let replaced = self.value.with_mut(|slot| {
            // SAFETY: as above.
            unsafe { &mut *slot }.replace(value)
        });
        // Release: pairs with the Acquire in `own`.
        self.word
            .store(FULL + receivers * UNSEEN, Ordering::Release);
        replaced
    }
}
