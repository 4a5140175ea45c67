//! Counters of one worker: written by it alone, read by everyone.
//!
//! Invariants  I1 one thread at a time adds, so adding is a load and a store, no read-modify-write.

use selkie_core::raw::platform::{AtomicU64, Ordering};

use super::last_thread::LastThread;

/// A number that one thread at a time raises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds `more` (I1).
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        // Relaxed: a figure for readers; one writer (I1).
        let sum = self.0.load(Ordering::Relaxed).wrapping_add(more);
        self.0.store(sum, Ordering::Relaxed);
    }

    /// Adds one (I1).
    #[inline]
    pub(crate) fn increment(&self) {
        self.add(1);
    }

    /// Adds one (I1), for a reader that takes it by [`get_published`](Self::get_published) to see what
    /// was counted before.
    #[inline]
    pub(crate) fn publish_one(&self) {
        // Relaxed: one writer (I1).
        let sum = self.0.load(Ordering::Relaxed).wrapping_add(1);
        // Release: pairs with the Acquire in `get_published`.
        self.0.store(sum, Ordering::Release);
    }

    /// The number now, with what was counted before it.
    #[inline]
    pub(crate) fn get_published(&self) -> u64 {
        // Acquire: pairs with the Release in `publish_one`.
        self.0.load(Ordering::Acquire)
    }

    /// Replaces the number.
    #[inline]
    pub(crate) fn set(&self, value: u64) {
        // Relaxed: a figure for readers.
        self.0.store(value, Ordering::Relaxed);
    }

    /// The number now.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        // Relaxed: a figure for readers.
        self.0.load(Ordering::Relaxed)
    }
}

/// What a worker counts.
#[derive(Debug, Default)]
pub(crate) struct WorkerCounters {
    pub(crate) parks: Counter,
    pub(crate) unparks: Counter,
    pub(crate) noops: Counter,
    pub(crate) polls: Counter,
    pub(crate) steals: Counter,
    pub(crate) steal_operations: Counter,
    pub(crate) local_schedules: Counter,
    pub(crate) overflows: Counter,
    pub(crate) busy_nanos: Counter,
    pub(crate) spawned: Counter,
    pub(crate) finished: Counter,
    pub(crate) queue_depth: Counter,
    /// The moving average of how long a poll takes.
    pub(crate) mean_poll_nanos: Counter,
    /// When the worker last read the clock between two polls, in nanoseconds since its scheduler was made.
    pub(crate) looked_at: Counter,
    /// The thread that last ran the worker.
    pub(crate) thread: LastThread,
}
