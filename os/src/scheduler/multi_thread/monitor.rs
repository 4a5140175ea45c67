//! The monitor: one sleeping worker that looks after workers that are stuck in a long poll.
//!
//! Idea        While some workers run and others sleep, one of the sleepers is the monitor: it wakes every [`PERIOD`]. It
//!             prefers to be a worker that does not sleep in the shared driver. In each round it submits what running
//!             workers have queued for the driver. A worker that has started no poll since the last round is stuck: the
//!             monitor fires its overdue timers, steals its queued tasks, and polls its driver. A shared driver in which
//!             nobody sleeps is where the monitor sleeps next. After some rounds in which no worker ran, the monitor
//!             gives up its role. The first worker that wakes up after that wakes another sleeper to take the role.
//! States      nobody ⇄ worker i
//! Invariants  I1 a worker that leaves its sleep to run tasks gives up the role, and wakes another sleeper if nobody has it.
//!             I2 a monitor gives up the role only while every other worker sleeps: see `monitor_role`.
//! Rejected    Waking a sleeper whenever the worker in the shared driver leaves it for an event: a futex wake per request.
//!             A thread for the monitor: a stack and a thread start per runtime.
//! Source      Go's `sysmon`, without its thread.

use std::time::{Duration, Instant};

use super::notify::SharedQueues;
use super::shared::MultiThread;
use super::work_loop::WorkLoop;
use super::worker::Worker;

/// How long a stuck worker's timers and tasks may wait.
const PERIOD: Duration = Duration::from_millis(10);
/// The same if each worker has a driver of its own: then its sockets wait, too.
const PERIOD_OF_DRIVERS: Duration = Duration::from_millis(1);
/// Rounds without a running worker after which the monitor gives up its role.
const QUIET_ROUNDS: u32 = 10;
/// The same if each worker has a driver of its own: a worker that wakes before that relies on short rounds.
const QUIET_ROUNDS_OF_DRIVERS: u32 = 2;

/// What the monitor remembers from round to round.
#[derive(Debug, Default)]
pub(super) struct Monitor {
    polls: Vec<u64>,
    quiet_rounds: u32,
    last_look: Option<Instant>,
}

impl Monitor {
    /// Takes the role of the monitor if nobody has it, or if the worker that has it sleeps in the shared driver and
    /// this one does not. With the role, `limit` is at most the period.
    #[inline]
    pub(super) fn limit(
        &mut self,
        worker: &Worker<'_>,
        limit: Option<Duration>,
    ) -> Option<Duration> {
        let shared = worker.shared;
        if shared.workers() == 1 {
            return limit;
        }
        let take = !self.is_quiet(shared)
            && match shared.monitor.holder() {
                None => true,
                Some(holder) if holder == worker.index => false,
                // That worker is in the driver and may go on sleeping there.
                Some(holder) => {
                    !shared.drivers.are_own()
                        && shared.drivers.of(holder).is_attended()
                        && shared.remotes[holder].parker.is_in_driver()
                }
            };
        if take {
            shared.monitor.take(worker.index);
        }
        if !self.is_monitor(worker) {
            return limit;
        }
        let period = period(shared);
        Some(limit.map_or(period, |limit| limit.min(period)))
    }

    /// Whether no worker has run for so long that the monitor gives up.
    fn is_quiet(&self, shared: &MultiThread) -> bool {
        let rounds = match shared.drivers.are_own() {
            true => QUIET_ROUNDS_OF_DRIVERS,
            false => QUIET_ROUNDS,
        };
        self.quiet_rounds >= rounds
    }

    /// The worker was woken while it slept, perhaps to become the monitor.
    pub(super) fn reset_quiet_rounds(&mut self) {
        self.quiet_rounds = 0;
    }

    pub(super) fn is_monitor(&self, worker: &Worker<'_>) -> bool {
        worker.shared.monitor.holder() == Some(worker.index)
    }

    /// A round of the monitor. `true`: tasks were taken over, or timers fired.
    #[inline]
    pub(super) fn look_after_others(&mut self, worker: &Worker<'_>) -> bool {
        if !self.is_monitor(worker) {
            return false;
        }
        let now = Instant::now();
        if self
            .last_look
            .is_some_and(|last| now.duration_since(last) < period(worker.shared) / 2)
        {
            return false;
        }
        self.last_look = Some(now);
        let shared = worker.shared;
        self.polls.resize(shared.workers(), u64::MAX);
        let mut found = false;
        let mut all_asleep = true;
        for index in (0..shared.workers()).filter(|index| *index != worker.index) {
            if shared.idle.is_sleeping(index) {
                self.polls[index] = u64::MAX;
                continue;
            }
            all_asleep = false;
            found |= shared.drivers.submit_and_reap(index);
            let polls = shared.remotes[index].counters.polls.get();
            if std::mem::replace(&mut self.polls[index], polls) == polls {
                found |= take_over(worker, index);
            }
        }
        self.quiet_rounds = if all_asleep { self.quiet_rounds + 1 } else { 0 };
        if self.is_quiet(shared) && !shared.monitor.give_up(worker.index, &shared.idle) {
            // A worker has woken just now, and relies on this one (I2).
            self.quiet_rounds = 0;
        }
        found
    }

    /// The worker goes on to run tasks (I1).
    #[inline]
    pub(super) fn leave(&mut self, worker: &Worker<'_>) {
        self.quiet_rounds = 0;
        let shared = worker.shared;
        if shared.workers() == 1 {
            return;
        }
        if shared.monitor.leave(worker.index) {
            shared.wake_a_monitor();
        }
    }
}

/// How long the monitor sleeps at a time.
fn period(shared: &MultiThread) -> Duration {
    match shared.drivers.are_own() {
        true => PERIOD_OF_DRIVERS,
        false => PERIOD,
    }
}

/// Fires the overdue timers of the stuck worker `index` and takes its tasks over.
pub(super) fn take_over(worker: &Worker<'_>, index: usize) -> bool {
    let shared = worker.shared;
    if shared.drivers.are_own() {
        shared.drivers.of(index).poll();
    }
    let fired = shared.remotes[index]
        .timers
        .map_or(0, |timers| timers.fire_due());
    let mut found = fired > 0;
    if !worker.has_core.get() {
        return found; // A waker has handed the core off, and the ring with it.
    }
    if let Some(task) = worker.steal_from(index) {
        worker.push_own(task);
        found = true;
    }
    // It would have run next there, and has waited for longest.
    if let Some(task) = shared.remotes[index].take_lifo() {
        worker.run_next(task);
        found = true;
    }
    found
}
