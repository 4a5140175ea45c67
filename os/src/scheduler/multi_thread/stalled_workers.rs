//! What a busy worker does for other workers that make no progress.
//!
//! Idea        A worker makes no progress if it is in a long poll, or if the system gives it no processor; its tasks and
//!             timers wait. While some worker sleeps, the monitor takes care of that, but all workers may be busy. So
//!             each busy worker looks at the others' counts of polls when it does maintenance, once per [`PERIOD`] at
//!             most, and each time all of its own tasks have yielded. Timers wait less: each time a worker reads the clock, it asks one other worker, in
//!             turn, for timers that have been due for [`OVERDUE`], and fires them.
//! States      the polls that each worker had counted, at the last round of yields and at the last look
//! Invariants  I1 no task is taken from a worker that has ended a poll since the last look.
//! Rejected    Stealing from any worker that has tasks each time all own tasks have yielded: two workers whose tasks yield
//!             would steal them from each other all the time.

use std::cell::{Cell, RefCell};
use std::thread;
use std::time::{Duration, Instant};

use selkie_core::raw::task::Notified;
use selkie_core::time::Instant as TimerInstant;

use super::shared::MultiThread;

/// The fewest yields in a row after which a worker looks at the others.
const LEAST_ROUND: u32 = 8;
/// The same per worker of the runtime, because each look reads the counts of all of them.
const LEAST_PER_WORKER: u32 = 4;
/// The shortest time between two looks of a busy worker at the others.
const PERIOD: Duration = Duration::from_micros(100);
/// For how long a timer of a busy worker has been due when another worker fires it. A worker that has a processor and
/// short polls fires it earlier itself.
const OVERDUE: Duration = Duration::from_micros(20);
/// After how many rounds in a row that find a stuck worker without tasks to take this thread yields its processor; the
/// next times after twice as many rounds each, because a worker that is in a long poll has a processor.
const PATIENCE: u32 = 4;

/// The polls that each worker has counted.
type Polls = RefCell<Vec<u64>>;

/// What the other workers had done at the last looks.
#[derive(Debug)]
pub(super) struct StalledWorkers {
    /// Yields that a round has at least.
    least: u32,
    /// Length of the row of yields at which the current round began.
    round_began: Cell<u32>,
    is_round: Cell<bool>,
    at_round: Polls,
    fruitless: Cell<u32>,
    looked_at: Cell<Option<Instant>>,
    at_look: Polls,
    /// Whom to ask for overdue timers next.
    asked_next: Cell<usize>,
}

impl StalledWorkers {
    /// For one of `workers` workers.
    pub(super) fn new(workers: usize) -> Self {
        let workers = u32::try_from(workers).unwrap_or(u32::MAX);
        Self {
            least: LEAST_PER_WORKER.saturating_mul(workers).max(LEAST_ROUND),
            round_began: Cell::default(),
            is_round: Cell::default(),
            at_round: Polls::default(),
            fruitless: Cell::default(),
            looked_at: Cell::default(),
            at_look: Polls::default(),
            asked_next: Cell::default(),
        }
    }

    /// Whether, with a row of `row` yields, all `queued` tasks have yielded since the last round.
    #[inline]
    pub(super) fn is_round(&self, row: u32, queued: usize) -> bool {
        if row < self.round_began.get() {
            self.round_began.set(0); // Another row.
        }
        let so_far = row - self.round_began.get();
        if so_far < self.least || (so_far as usize) < queued {
            return false;
        }
        self.round_began.set(row);
        self.is_round.set(true);
        true
    }

    /// Whether all tasks have yielded since this was last acted upon.
    pub(super) fn is_round_over(&self) -> bool {
        self.is_round.get()
    }

    /// Notes that the worker has found something to do after all of its tasks had yielded.
    pub(super) fn act_upon_round(&self) {
        self.is_round.set(false);
    }

    /// If all tasks of worker `me` have yielded: a task that `steal` takes from a worker that makes no progress.
    pub(super) fn take_from_stuck(
        &self,
        shared: &MultiThread,
        me: usize,
        mut steal: impl FnMut(usize) -> Option<Notified>,
    ) -> Option<Notified> {
        if !self.is_round.take() {
            return None;
        }
        let (mut taken, mut is_any_stuck) = (None, false);
        each_stuck(shared, me, &mut self.at_round.borrow_mut(), |index| {
            is_any_stuck = true;
            if taken.is_none() {
                taken = steal(index);
            }
        });
        if taken.is_some() || !is_any_stuck {
            self.fruitless.set(0);
            return taken;
        }
        let fruitless = self.fruitless.get().wrapping_add(1);
        self.fruitless.set(fruitless);
        if fruitless >= PATIENCE && fruitless.is_power_of_two() {
            // It may be in the middle of a poll, without a processor.
            thread::yield_now();
        }
        None
    }

    /// Fires the overdue timers of one other worker, the next one per call, unless it sleeps; worker `me` calls this at
    /// `now`.
    pub(super) fn fire_overdue(&self, shared: &MultiThread, me: usize, now: TimerInstant) {
        if shared.workers() == 1 {
            return;
        }
        let next = self.asked_next.get() % (shared.workers() - 1);
        self.asked_next.set(next + 1);
        let index = if next < me { next } else { next + 1 };
        if shared.idle.is_sleeping(index) {
            return;
        }
        let (Some(timers), Some(then)) = (shared.remotes[index].timers, now.checked_sub(OVERDUE))
        else {
            return;
        };
        if timers.is_overdue(then) {
            timers.fire_due();
        }
    }

    /// Calls `take_over` with each worker that has made no progress since the last look; worker `me` calls this at `now`.
    pub(super) fn look_after(
        &self,
        shared: &MultiThread,
        me: usize,
        now: Instant,
        mut take_over: impl FnMut(usize) -> bool,
    ) {
        let last = self.looked_at.get();
        if last.is_some_and(|last| now.duration_since(last) < PERIOD) {
            return;
        }
        self.looked_at.set(Some(now));
        let mut before = self.at_look.borrow_mut();
        each_stuck(shared, me, &mut before, |index| {
            take_over(index);
        });
    }
}

/// Calls `call` with each worker but `me` that has ended no poll since `before` was noted, and does not sleep (I1); notes
/// what they have done now.
fn each_stuck(shared: &MultiThread, me: usize, before: &mut Vec<u64>, mut call: impl FnMut(usize)) {
    before.resize(shared.workers(), u64::MAX);
    for (index, before) in before.iter_mut().enumerate() {
        if index == me || shared.idle.is_sleeping(index) {
            *before = u64::MAX;
            continue;
        }
        let polls = shared.counters(index).polls.get();
        if std::mem::replace(before, polls) == polls {
            call(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LEAST_PER_WORKER, LEAST_ROUND, StalledWorkers};

    /// The rows of yields, up to `rows`, at which a round is over.
    fn rounds(queued: usize, rows: u32) -> Vec<u32> {
        let stalled = StalledWorkers::new(2);
        (1..=rows)
            .filter(|row| stalled.is_round(*row, queued))
            .collect()
    }

    #[test]
    fn a_round_is_over_when_all_have_yielded() {
        assert_eq!(rounds(64, 200), [64, 128, 192]);
        assert_eq!(rounds(0, 2 * LEAST_ROUND), [LEAST_ROUND, 2 * LEAST_ROUND]);
    }

    #[test]
    fn a_round_is_the_longer_the_more_workers_there_are() {
        let stalled = StalledWorkers::new(64);
        let first = (1..).find(|row| stalled.is_round(*row, 0));
        assert_eq!(first, Some(64 * LEAST_PER_WORKER));
    }

    #[test]
    fn a_row_that_was_broken_begins_anew() {
        let stalled = StalledWorkers::new(2);
        assert!((1..=10).any(|row| stalled.is_round(row, 10)));
        assert!((1..10).all(|row| !stalled.is_round(row, 10)));
        assert!(stalled.is_round(10, 10));
    }
}
