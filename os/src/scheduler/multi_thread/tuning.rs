//! How often a busy worker looks at the inject queue.
//!
//! Idea        A task from outside should wait about [`TARGET_NANOS`], whether the worker's own tasks are short or long. So
//!             the interval, in tasks, is that time divided by the mean length of a poll: a moving mean over batches of
//!             polls, each weighted by its number of polls.
//! Rejected    Reading the clock for each poll: the batch between two looks at the driver has its two readings already.
//!             The exact weight, `alpha` to the power of the batch's length: the quotient below is close enough.

use std::cell::Cell;

/// How long a task should wait in the inject queue of a busy worker.
const TARGET_NANOS: u64 = 200_000;
/// A row of tasks that takes as long is worth the wake of another worker: that takes as much, or more.
const HELP_NANOS: u64 = 50_000;
const SHORTEST: u32 = 2;
const LONGEST: u32 = 127;
/// Where a worker starts.
const FIRST: u32 = 61;
/// Polls that the past weighs against a new batch.
const MEMORY_POLLS: u64 = 64;

/// The tuning of one worker.
#[derive(Debug)]
pub(super) struct Tuning {
    /// Set by the user: not tuned.
    fixed: bool,
    interval: Cell<u32>,
    mean_poll_nanos: Cell<u64>,
    polls_before: Cell<u64>,
}

impl Tuning {
    /// A worker's tuning; `fixed` is the interval that the user wants.
    pub(super) fn new(fixed: Option<u32>) -> Self {
        Self {
            fixed: fixed.is_some(),
            interval: Cell::new(fixed.unwrap_or(FIRST)),
            mean_poll_nanos: Cell::new(TARGET_NANOS / u64::from(FIRST)),
            polls_before: Cell::new(0),
        }
    }

    /// Polls between two looks at the inject queue.
    #[inline]
    pub(super) fn interval(&self) -> u32 {
        self.interval.get()
    }

    /// How many tasks to take from the inject queue at most: those that take no longer than one should wait there.
    pub(super) fn share(&self) -> usize {
        let tasks = TARGET_NANOS / self.mean_poll_nanos.get().max(1);
        usize::try_from(tasks).unwrap_or(usize::MAX).max(1)
    }

    /// Whether `tasks` tasks take so long that another worker should help.
    pub(super) fn is_long(&self, tasks: usize) -> bool {
        self.mean_poll_nanos.get().saturating_mul(tasks as u64) >= HELP_NANOS
    }

    /// The worker has polled `polls` tasks so far, those since the last update in `nanos`; says the
    /// mean length of a poll, if there were any.
    pub(super) fn update(&self, polls: u64, nanos: u64) -> Option<u64> {
        let batch = polls.wrapping_sub(self.polls_before.replace(polls));
        if batch == 0 {
            return None;
        }
        let past = self.mean_poll_nanos.get().saturating_mul(MEMORY_POLLS);
        let mean = past.saturating_add(nanos) / (MEMORY_POLLS + batch);
        self.mean_poll_nanos.set(mean);
        if self.fixed {
            return Some(mean);
        }
        let interval = u32::try_from(TARGET_NANOS / mean.max(1)).unwrap_or(u32::MAX);
        self.interval.set(interval.clamp(SHORTEST, LONGEST));
        Some(mean)
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST, LONGEST, SHORTEST, Tuning};

    /// Feeds batches of a full event interval until the mean has settled.
    fn settled(nanos_per_poll: u64) -> u32 {
        let tuning = Tuning::new(None);
        for batch in 1..=40 {
            let _mean = tuning.update(batch * 61, nanos_per_poll * 61);
        }
        tuning.interval()
    }

    #[test]
    fn long_polls_shorten_the_interval_and_short_ones_lengthen_it() {
        assert_eq!(settled(50_000), 4);
        assert_eq!(settled(10_000_000), SHORTEST);
        assert_eq!(settled(100), LONGEST);
    }

    #[test]
    fn a_share_is_limited_by_time() {
        let tuning = Tuning::new(None);
        assert!(tuning.share() >= 61);
        for batch in 1..=40 {
            let _mean = tuning.update(batch * 61, 50_000 * 61);
        }
        assert_eq!(tuning.share(), 4);
        let _mean = tuning.update(41 * 61, u64::MAX);
        assert_eq!(tuning.share(), 1);
    }

    #[test]
    fn an_interval_that_was_set_stays() {
        let tuning = Tuning::new(Some(7));
        assert!(tuning.update(61, u64::MAX).is_some());
        assert_eq!(tuning.interval(), 7);
    }

    #[test]
    fn a_batch_without_polls_changes_nothing() {
        let tuning = Tuning::new(None);
        assert_eq!(tuning.update(0, 5_000_000_000), None);
        assert_eq!(tuning.interval(), FIRST);
    }
}
