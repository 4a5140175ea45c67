//! Task ids: numbers that no two living tasks share.
//!
//! Idea        Each context takes ids in blocks, so that a spawn touches no shared word.
//! Invariants  I1 a block of ids is given to one context only; `NEXT_BLOCK` never goes back.
//!             I2 an id is taken in one step: where interrupt handlers spawn, they share the block.

use core::fmt;
use core::num::NonZeroU64;

use crate::platform::{ContextWordRef, Ordering, PlainU64};
use crate::{context_cell, context_word};

/// Ids that a context takes at a time.
const BLOCK_IDS: u64 = 64;

/// The start of the next block. A plain atomic also in models: ids are no protocol.
static NEXT_BLOCK: PlainU64 = PlainU64::new(0);

context_cell! {
    /// The last id that this context took; a multiple of [`BLOCK_IDS`] is the last of its block.
    static LAST: u64 = 0;
}

context_word! {
    /// The id of the task that this context polls or drops, 0 outside.
    static CURRENT;
}

/// An opaque number that identifies a task among all tasks alive in the process.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::collections::HashMap;
/// use selkie::task::JoinSet;
///
/// let mut tasks = JoinSet::new();
/// let mut names = HashMap::new();
/// for name in ["one", "two"] {
///     let task = tasks.spawn(async move { name.len() });
///     names.insert(task.id(), name);
/// }
/// while let Some(joined) = tasks.join_next_with_id().await {
///     let (id, length) = joined.unwrap();
///     assert_eq!(names[&id].len(), length);
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Id(NonZeroU64);

/// A number that no living task has.
#[inline]
pub fn next_id() -> Id {
    // In one step (I2).
    Id::from_u64(LAST.update(|last| {
        if last % BLOCK_IDS == 0 {
            // Relaxed: only the sum matters (I1).
            NEXT_BLOCK.fetch_add(BLOCK_IDS, Ordering::Relaxed) + 1
        } else {
            last + 1
        }
    }))
}

impl Id {
    #[inline]
    pub(super) fn from_u64(id: u64) -> Self {
        Self(NonZeroU64::new(id).unwrap_or(NonZeroU64::MAX))
    }

    /// The id with the number `id`.
    ///
    /// # Safety
    /// It is not zero.
    #[allow(unsafe_code, dead_code, reason = "only slots have ids as words")]
    #[inline]
    pub(super) unsafe fn from_u64_unchecked(id: u64) -> Self {
        // SAFETY: by the caller's promise.
        Self(unsafe { NonZeroU64::new_unchecked(id) })
    }

    /// The number itself.
    pub const fn as_u64(self) -> u64 {
        self.0.get()
    }

    /// Runs `f` as part of this task.
    #[cfg(feature = "alloc")]
    #[inline]
    pub(super) fn scope<R>(self, f: impl FnOnce() -> R) -> R {
        let _restore = IdGuard(CURRENT.replace(self.as_u64()));
        f()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Puts back the id that stood before, also on unwinding.
#[cfg(feature = "alloc")]
struct IdGuard(u64);

#[cfg(feature = "alloc")]
impl Drop for IdGuard {
    #[inline]
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// The id of the task that the caller runs in, or `None` outside a task.
#[inline]
pub fn current_id() -> Option<Id> {
    NonZeroU64::new(CURRENT.get()).map(Id)
}

/// What a thread polls, for other threads.
#[derive(Debug, Clone, Copy)]
pub struct CurrentIdRef(ContextWordRef);

/// What the calling thread polls, for other threads; `None` where there are none that could look.
pub fn current_id_ref() -> Option<CurrentIdRef> {
    CURRENT.reference().map(CurrentIdRef)
}

impl CurrentIdRef {
    /// The id of the task that the thread polls or drops, the innermost one; `None` if it does not.
    ///
    /// # Safety
    /// The thread has not ended.
    #[allow(unsafe_code)]
    pub unsafe fn get(self) -> Option<Id> {
        // SAFETY: by the caller's promise.
        NonZeroU64::new(unsafe { self.0.get() }).map(Id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Barrier;
    use std::thread;
    use std::vec::Vec;

    use super::next_id;

    /// Without `std` threads share one context, as handlers of several priorities do; the platform's
    /// critical section is what keeps them apart.
    #[test]
    fn contexts_that_interrupt_each_other_take_different_ids() {
        const IDS: usize = 20_000;
        let start = Barrier::new(3);
        let taken: Vec<Vec<u64>> = thread::scope(|scope| {
            let takers: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        (0..IDS).map(|_| next_id().as_u64()).collect()
                    })
                })
                .collect();
            let joined = takers.into_iter().map(|taker| taker.join());
            joined.map(|ids| ids.expect("no panic")).collect()
        });
        let different: HashSet<u64> = taken.iter().flatten().copied().collect();
        assert_eq!(different.len(), 3 * IDS);
    }
}
