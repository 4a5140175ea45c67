//! What a busy worker does for other workers that make no progress.
//!
//! Idea        A worker makes no progress if it is in a long poll, or if the system gives it no processor; its tasks and
//!             timers wait. While some worker sleeps, the monitor takes care of that, but all workers may be busy. So
//!             a busy worker that reads the clock looks at one other worker, in turn, once per [`LOOK`] at most: it fires
//!             the timers that have been due there for [`OVERDUE`], and takes the tasks if there was no progress for
//!             `PATIENCE`. Since when there was none, whoever looks notes with the worker that is looked at, so that a
//!             look costs the same for any number of workers, and one stuck worker is found as soon by many as by one.
//!             Each time all of its own tasks have yielded, a worker looks at all others.
//! States      of a worker: the polls that it had counted at a look, and when that count was new
//! Invariants  I1 no task is taken from a worker that has ended a poll since the look before.
//! Rejected    Stealing from any worker that has tasks each time all own tasks have yielded: two workers whose tasks yield
//!             would steal them from each other all the time. A look at all others each time: the counts of 63 workers, in
//!             as many lines of a cache, every 100 µs.

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
/// The shortest time between two looks of a busy worker at another.
const LOOK: Duration = Duration::from_micros(50);
/// For how long a timer of a busy worker has been due when another worker fires it. A worker that has a processor and
/// short polls fires it earlier itself.
const OVERDUE: Duration = Duration::from_micros(20);
/// After how many rounds in a row that find a stuck worker without tasks to take this thread yields its processor; the
/// next times after twice as many rounds each, because a worker that is in a long poll has a processor.
const FRUITLESS: u32 = 4;

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
    /// Whom to look at next.
    next: Cell<usize>,
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
            next: Cell::default(),
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
        if fruitless >= FRUITLESS && fruitless.is_power_of_two() {
            // It may be in the middle of a poll, without a processor.
            thread::yield_now();
        }
        None
    }

    /// The worker to look at now, if one is due: the next in turn that does not sleep; worker `me` calls this at `now`.
    pub(super) fn worker_to_look_at(
        &self,
        shared: &MultiThread,
        me: usize,
        now: Instant,
    ) -> Option<usize> {
        let others = shared.workers() - 1;
        let last = self.looked_at.get();
        if others == 0 || last.is_some_and(|last| now.duration_since(last) < LOOK) {
            return None;
        }
        self.looked_at.set(Some(now));
        // The first one is the neighbour, so that not all look at the same.
        let offset = self.next.get() % others;
        self.next.set(offset + 1);
        let index = (me + 1 + offset) % shared.workers();
        (!shared.idle.is_sleeping(index)).then_some(index)
    }
}

/// Fires the timers of worker `index` that have been due for [`OVERDUE`] at `now`.
pub(super) fn fire_overdue(shared: &MultiThread, index: usize, now: Instant) {
    let then = TimerInstant::from_std(now).checked_sub(OVERDUE);
    if let (Some(timers), Some(then)) = (shared.remotes[index].timers, then) {
        if timers.is_overdue(then) {
            timers.fire_due();
        }
    }
}

/// Whether worker `index` has made no progress for `PATIENCE` at `now`; if so, it is asked as long again before the answer
/// is `true` once more.
pub(super) fn is_stuck(shared: &MultiThread, index: usize, now: Instant) -> bool {
    let remote = &shared.remotes[index];
    // Whoever wakes up makes progress, too.
    let progress = remote.counters.polls.get() + remote.counters.unparks.get();
    let micros = now.duration_since(shared.made_at).as_micros() as u32;
    remote.progress.is_stuck(progress, micros)
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
