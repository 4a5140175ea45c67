//! Which workers sleep, and how many search for work.
//!
//! Idea        There is one bit per worker, set while it sleeps, and a count of the workers that search. Whoever makes work
//!             wakes a sleeper only if nobody searches. The last searcher that finds work wakes another sleeper, if it
//!             sees more work, before it runs what it has found. So wakes spread through the workers one at a time.
//! Invariants  I1 a worker sets its own bit. The bit is cleared once per sleep: by the waker that claims the worker, who
//!                counts it as searching, or by the worker itself.
//!             I2 a worker that is about to sleep sets its bit and leaves the count, and then looks at every queue again.
//!                It sees a push that came before; a push that comes after sees its bit, and either no searcher or one
//!                that will see the push. The same holds for a worker that stops searching because it found work. All
//!                sides have a fence between their write and their read.
//!             I3 at most half of the workers search, not counting those that find work as they go to sleep.
//! Rejected    A mutex around a list of sleepers, which is locked at each park and unpark.

use selkie_core::raw::collections::{Padded, boxed_slice};
use selkie_core::raw::platform::{AtomicU64, AtomicUsize, Ordering, fence};

const WORD: usize = u64::BITS as usize;

/// Which worker is to be notified of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToNotify {
    /// This worker slept, and has to be woken.
    Sleeper(usize),
    /// Nobody: a worker looks for work, and sees it.
    SomebodySearches,
    /// Nobody sleeps; each looks when its poll is over, in its own time.
    AllAreBusy,
}

/// The sleepers and searchers of one scheduler.
#[derive(Debug)]
pub(super) struct Idle {
    sleeping: Box<[Padded<AtomicU64>]>,
    searching: Padded<AtomicUsize>,
    workers: usize,
}

impl Idle {
    pub(super) fn new(workers: usize) -> Self {
        let words = boxed_slice(workers.div_ceil(WORD), |_| Padded(AtomicU64::new(0)));
        Self {
            sleeping: words,
            searching: Padded(AtomicUsize::new(0)),
            workers,
        }
    }

    /// Which worker is to be notified of work that was just pushed. A sleeper is claimed, and counts as
    /// searching.
    pub(super) fn worker_to_notify(&self) -> ToNotify {
        // SeqCst: the push before this fence, or the sleeper's bit after it, is seen (I2).
        fence(Ordering::SeqCst);
        if self.searching.load(Ordering::SeqCst) > 0 {
            return ToNotify::SomebodySearches;
        }
        self.claim().map_or(ToNotify::AllAreBusy, ToNotify::Sleeper)
    }

    /// Takes a sleeper out of its sleep (I1); it counts as searching.
    fn claim(&self) -> Option<usize> {
        for (index, word) in self.sleeping.iter().enumerate() {
            let mut bits = word.load(Ordering::SeqCst);
            while bits != 0 {
                let bit = bits & bits.wrapping_neg();
                // SeqCst: counted before the bit goes, so that I2 holds for the claimed one.
                self.searching.fetch_add(1, Ordering::SeqCst);
                // SeqCst: pairs with `sleep` and `wake_self`: exactly one clears the bit (I1).
                let before = word.fetch_and(!bit, Ordering::SeqCst);
                if before & bit != 0 {
                    return Some(index * WORD + bit.trailing_zeros() as usize);
                }
                self.searching.fetch_sub(1, Ordering::SeqCst);
                bits = before & !bit;
            }
        }
        None
    }

    /// The worker `index` is about to sleep, and looks at every queue once more before it does (I2).
    pub(super) fn sleep(&self, index: usize, searching: bool) {
        // SeqCst: pairs with the fence in `worker_to_notify` (I2).
        self.sleeping[index / WORD].fetch_or(1 << (index % WORD), Ordering::SeqCst);
        if searching {
            // SeqCst: pairs with the load in `worker_to_notify` (I2).
            self.searching.fetch_sub(1, Ordering::SeqCst);
        }
        // SeqCst: pairs with the fence in `worker_to_notify`: the look at the queues that follows is
        // not taken before the two writes above, which no ordering of theirs would prevent.
        fence(Ordering::SeqCst);
    }

    /// The worker `index` is awake. `true`: a waker had claimed it, and it counts as searching.
    #[must_use]
    pub(super) fn wake_self(&self, index: usize) -> bool {
        let bit = 1 << (index % WORD);
        // SeqCst: pairs with `claim`: exactly one clears the bit (I1).
        self.sleeping[index / WORD].fetch_and(!bit, Ordering::SeqCst) & bit == 0
    }

    /// The worker `index` does not sleep, since its last look found work: it counts as searching, so
    /// that it wakes the next when it takes a task and sees more (I2).
    pub(super) fn search_instead(&self, index: usize) {
        if !self.wake_self(index) {
            // SeqCst: as in `start_searching`.
            self.searching.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A worker that sleeps; it is not claimed.
    pub(super) fn any_sleeper(&self) -> Option<usize> {
        self.sleeping.iter().enumerate().find_map(|(index, word)| {
            // Relaxed: a hint.
            let bits = word.load(Ordering::Relaxed);
            (bits != 0).then(|| index * WORD + bits.trailing_zeros() as usize)
        })
    }

    /// Whether the worker `index` still counts as asleep.
    pub(super) fn is_sleeping(&self, index: usize) -> bool {
        self.sleeping[index / WORD].load(Ordering::SeqCst) & (1 << (index % WORD)) != 0
    }

    /// Whether every worker sleeps.
    pub(super) fn all_sleep(&self) -> bool {
        // SeqCst: pairs with the change of a bit by a worker that wakes, which then looks at the role of
        // the monitor (`monitor_role`).
        let sleep = self
            .sleeping
            .iter()
            .map(|word| word.load(Ordering::SeqCst).count_ones() as usize);
        sleep.sum::<usize>() == self.workers
    }

    /// Counts the caller as searching, unless enough do (I3).
    #[must_use]
    pub(super) fn start_searching(&self) -> bool {
        // Relaxed: a limit by rule of thumb.
        if 2 * self.searching.load(Ordering::Relaxed) >= self.workers {
            return false;
        }
        // SeqCst: pushes after this may rely on us (I2).
        self.searching.fetch_add(1, Ordering::SeqCst);
        true
    }

    /// The caller found work. `true`: it was the last searcher, and has to wake the next if there is
    /// more (I2).
    #[must_use]
    pub(super) fn stop_searching(&self) -> bool {
        let was_last = self.searching.fetch_sub(1, Ordering::SeqCst) == 1;
        // SeqCst: pairs with the fence in `worker_to_notify`: a push that still saw this searcher is
        // seen by the look that follows.
        fence(Ordering::SeqCst);
        was_last
    }

    /// The words that workers write as they sleep.
    #[cfg(test)]
    pub(super) fn words(&self) -> impl Iterator<Item = &AtomicU64> {
        self.sleeping.iter().map(|word| &**word)
    }

    /// How many workers sleep.
    pub(super) fn sleepers(&self) -> usize {
        // Relaxed: a figure.
        self.sleeping
            .iter()
            .map(|word| word.load(Ordering::Relaxed).count_ones() as usize)
            .sum()
    }
}
