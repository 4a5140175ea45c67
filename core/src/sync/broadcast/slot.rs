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
//!             I4 whoever meets BUSY while its own thread clones the slot's value is called by that clone: it
//!             may read the value, too, and counts itself in the word of the clone under way.
//! Rejected    A count of readers instead of BUSY: then one value is cloned by several threads at the same time,
//!             which only `Sync` values allow.
#![allow(unsafe_code)]

use core::cell::Cell;
use core::mem::needs_drop;
use core::ptr::NonNull;

use crate::context_cell;
use crate::platform::{
    AtomicUsize, HAS_THREADS, Ordering, UnsafeCell, relax, without_interrupts, yield_thread,
};

const EMPTY: usize = 0;
const FULL: usize = 0b01;
const BUSY: usize = 0b10;
const UNSEEN: usize = 0b100;

/// Spins before a thread that waits for BUSY lets others run.
const SPINS: usize = 32;

/// A clone under way, on the stack of the thread that makes it.
#[derive(Debug)]
struct CloneNode {
    slot: NonNull<()>,
    /// The word that the clone's owner of BUSY will store.
    word: NonNull<Cell<usize>>,
    outer: CloneList,
}

/// The clones that a context makes, the innermost first.
#[derive(Debug, Clone, Copy)]
struct CloneList(Option<NonNull<CloneNode>>);

// SAFETY: it stays in its context's cell and on its stack.
unsafe impl Send for CloneList {}

context_cell! {
    /// The innermost clone that this context makes.
    static CLONING: CloneList = CloneList(None);
}

impl CloneNode {
    /// Runs `clone`, and lets what it calls find `word`.
    fn during<R>(slot: NonNull<()>, word: &Cell<usize>, clone: impl FnOnce() -> R) -> R {
        struct CloneGuard(CloneList);
        impl Drop for CloneGuard {
            fn drop(&mut self) {
                CLONING.set(self.0);
            }
        }
        let cloning = Self {
            slot,
            word: NonNull::from(word),
            outer: CLONING.get(),
        };
        CLONING.set(CloneList(Some(NonNull::from(&cloning))));
        let _undo = CloneGuard(cloning.outer);
        clone()
    }

    /// The word of the clone of `slot`'s value that this context makes, if it makes one.
    #[cold]
    fn find(slot: NonNull<()>) -> Option<NonNull<Cell<usize>>> {
        let mut next = CLONING.get();
        while let Some(cloning) = next.0 {
            // SAFETY: it stands on this context's stack until `during` ends, which takes it off the list.
            let cloning = unsafe { cloning.as_ref() };
            if cloning.slot == slot {
                return Some(cloning.word);
            }
            next = cloning.outer;
        }
        None
    }
}

/// A slot of the ring.
pub(super) struct Slot<T> {
    word: AtomicUsize,
    position: UnsafeCell<u64>,
    value: UnsafeCell<Option<T>>,
}

/// Ownership of a full slot (I1); dropped, it marks the value as seen by one more.
struct ReadGuard<'a, T> {
    slot: &'a Slot<T>,
    word: Cell<usize>,
}

/// What is found of a slot.
enum LookOutcome<'a, T> {
    /// BUSY is ours.
    Owned(ReadGuard<'a, T>),
    /// This context clones the value (I4).
    Inside(NonNull<Cell<usize>>),
    /// It is empty, or holds another value.
    Other,
}

impl<T> ReadGuard<'_, T> {
    fn is_last(&self) -> bool {
        self.word.get() < 2 * UNSEEN
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
            self.word.get() - UNSEEN
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

impl<T> Drop for ReadGuard<'_, T> {
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

    fn address(&self) -> NonNull<()> {
        NonNull::from(self).cast()
    }

    /// Makes the slot the caller's if it is full, whatever it holds.
    fn own(&self) -> LookOutcome<'_, T> {
        let mut spins = 0;
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            if word & BUSY != 0 {
                if spins == 0 || !HAS_THREADS {
                    if let Some(word) = CloneNode::find(self.address()) {
                        return LookOutcome::Inside(word);
                    }
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
                return LookOutcome::Other;
            }
            // Acquire: pairs with the Release of the owner before.
            match self.word.compare_exchange_weak(
                word,
                word | BUSY,
                Ordering::Acquire,
                Ordering::Relaxed,
            ) {
                Ok(_) => {
                    return LookOutcome::Owned(ReadGuard {
                        slot: self,
                        word: Cell::new(word),
                    });
                }
                Err(now) => word = now,
            }
        }
    }

    /// Owns the slot if it holds the value of `position`.
    fn own_at(&self, position: u64) -> LookOutcome<'_, T> {
        let found = self.own();
        if matches!(found, LookOutcome::Other) {
            return found;
        }
        let held = self.position.with(|held| {
            // SAFETY: we own BUSY (I1), or this context does (I4).
            unsafe { *held }
        });
        if held == position {
            return found;
        }
        if let LookOutcome::Owned(seeing) = found {
            // Release: nothing was changed, but the next owner pairs with it all the same.
            self.word.store(seeing.word.get(), Ordering::Release);
            core::mem::forget(seeing);
        }
        LookOutcome::Other
    }

    /// Counts the value that this context clones as seen by one more (I4).
    fn seen_inside(word: NonNull<Cell<usize>>) {
        // SAFETY: it stands on the stack of the clone that is under way further up.
        let word = unsafe { word.as_ref() };
        word.set(word.get() - UNSEEN);
    }

    /// A clone of the value.
    ///
    /// # Safety
    /// This context owns BUSY.
    unsafe fn cloned(&self) -> Option<T>
    where
        T: Clone,
    {
        self.value.with(|value| {
            // SAFETY: the caller's promise (I1, I4).
            unsafe { &*value }.clone()
        })
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
            match self.own_at(position) {
                LookOutcome::Owned(seeing) => {
                    // SAFETY: we own BUSY until `seeing` is finished.
                    let clone = || unsafe { self.cloned() };
                    // What needs no drop holds no handle of a channel.
                    let value = if needs_drop::<T>() {
                        CloneNode::during(self.address(), &seeing.word, clone)
                    } else {
                        clone()
                    };
                    Some((value, seeing.finish()))
                }
                LookOutcome::Inside(word) => {
                    Self::seen_inside(word);
                    // SAFETY: this context owns BUSY.
                    Some((unsafe { self.cloned() }, None))
                }
                LookOutcome::Other => None,
            }
        })?;
        drop(last);
        value
    }

    /// Counts the value of `position` as seen by one more, without a look.
    pub(super) fn skip(&self, position: u64) {
        // As in `see`.
        let last = without_interrupts(|| match self.own_at(position) {
            LookOutcome::Owned(seeing) => seeing.finish(),
            LookOutcome::Inside(word) => {
                Self::seen_inside(word);
                None
            }
            LookOutcome::Other => None,
        });
        drop(last);
    }

    /// Whether a receiver has yet to see the value.
    pub(super) fn is_unseen(&self) -> bool {
        // Acquire: pairs with the Release in `ReadGuard::drop`.
        self.word.load(Ordering::Acquire) >= UNSEEN
    }

    /// Writes the next value, for `receivers` to see, and returns the one that it replaces.
    ///
    /// # Safety
    /// The caller holds the channel's lock.
    ///
    /// # Errors
    /// The value, if this context clones the one that it would replace.
    pub(super) unsafe fn write(
        &self,
        position: u64,
        value: T,
        receivers: usize,
    ) -> Result<Option<T>, T> {
        match self.own() {
            LookOutcome::Owned(seeing) => core::mem::forget(seeing),
            LookOutcome::Inside(_) => return Err(value),
            LookOutcome::Other => {
                // Acquire: pairs with the Release of the last receiver that saw the value before.
                self.word.load(Ordering::Acquire);
            }
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
        Ok(replaced)
    }
}
