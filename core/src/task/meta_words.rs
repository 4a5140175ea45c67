//! A task's id and spawn place, in words that others than the task's owner may read.
//!
//! Idea        A dump, or a watchdog, lists tasks while their worker is in a poll that does not end. A slot may be given back
//!             and filled with the next task meanwhile. So this part of the header is made of atomic words: whoever reads
//!             them looks at the slot's generation before and after, and drops what it has read if a task has ended in
//!             between (a sequence lock, whose sequence number is the generation).
//! Invariants  I1 the words are written while the slot is vacant, after the slot has got the generation that it has then.
//! Rejected    An id and a place that each worker records before each poll: five instructions for every poll, and tasks that
//!             are queued, or that run on a thread without a worker, are not found by it. A registry of all tasks: a lock,
//!             or two atomic operations, for each spawn.
#![allow(unsafe_code)]

use core::panic::Location;
use core::ptr::{from_ref, null_mut};

use super::id::Id;
use crate::platform::{AtomicPtr, AtomicUsize, HAS_THREADS, Ordering, fence};

/// Words that an id takes.
const ID_WORDS: usize = size_of::<u64>() / size_of::<usize>();

/// The id and the place of the task in a slot.
pub(super) struct MetaWords {
    location: AtomicPtr<Location<'static>>,
    /// The lowest bits first.
    id: [AtomicUsize; ID_WORDS],
}

impl MetaWords {
    /// The words of a slot that had no task.
    pub(super) fn vacant() -> Self {
        Self {
            location: AtomicPtr::new(null_mut()),
            id: core::array::from_fn(|_| AtomicUsize::new(0)),
        }
    }

    /// Writes what the slot's next task is (I1).
    #[inline]
    pub(super) fn set(&self, id: Id, location: &'static Location<'static>) {
        if HAS_THREADS {
            // Release: pairs with the fence in `read`: whoever reads one of the words finds the new generation (I1).
            fence(Ordering::Release);
        }
        let place = from_ref(location).cast_mut();
        // Relaxed: ordered by the fence above, and for the task's owner by the state's `begin`.
        self.location.store(place, Ordering::Relaxed);
        for (index, word) in self.id.iter().enumerate() {
            // Relaxed: as above.
            word.store(word_of(id, index), Ordering::Relaxed);
        }
    }

    /// The place.
    ///
    /// # Safety
    /// The slot holds a task, which stays meanwhile.
    #[inline]
    pub(super) unsafe fn location(&self) -> &'static Location<'static> {
        // Relaxed: written before the task began.
        let location = self.location.load(Ordering::Relaxed);
        // SAFETY: a place that `set` was given, which lives for ever.
        unsafe { &*location }
    }

    /// The id and the place, if `is_still_there` says afterwards that the slot has held one task all the time, which it held
    /// before the call.
    #[inline]
    pub(super) fn read(
        &self,
        is_still_there: impl FnOnce() -> bool,
    ) -> Option<(Id, &'static Location<'static>)> {
        // Relaxed: counted only if the look below finds the same task.
        let location = self.location.load(Ordering::Relaxed);
        let id = Id::from_u64(self.bits());
        // Acquire: pairs with the fence in `set`.
        fence(Ordering::Acquire);
        if !is_still_there() {
            return None;
        }
        // SAFETY: a place that `set` was given, or null.
        unsafe { location.as_ref() }.map(|location| (id, location))
    }

    /// The id.
    ///
    /// # Safety
    /// As for [`location`](Self::location).
    #[inline]
    pub(super) unsafe fn id(&self) -> Id {
        // SAFETY: `set` has written the number of an id.
        unsafe { Id::from_u64_unchecked(self.bits()) }
    }

    #[inline]
    fn bits(&self) -> u64 {
        let words = self.id.iter().enumerate();
        // Relaxed: as in `location` and `read`.
        let bits = words.map(|(index, word)| bits_of(word.load(Ordering::Relaxed), index));
        bits.fold(0, |id, bits| id | bits)
    }
}

/// The word `index` of an id.
#[inline]
fn word_of(id: Id, index: usize) -> usize {
    (id.as_u64() >> (index * usize::BITS as usize)) as usize
}

/// The part of an id that its word `index` is.
#[inline]
fn bits_of(word: usize, index: usize) -> u64 {
    (word as u64) << (index * usize::BITS as usize)
}
