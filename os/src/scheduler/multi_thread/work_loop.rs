//! How a worker alternates between running tasks, searching for some, and sleeping.
//!
//! Idea        The worker takes a task from its own queues or from the inject queue; if there is none, it searches the rings of
//!             others; if there is none either, it sleeps until it is woken. The loop is a trait with the functions that
//!             do this. What they work on, its required functions give: the worker of a scheduler (`run`), or that of a loom
//!             model (`model`), which thereby runs the loop that ships.
//! States      running tasks → searching → sleeping → …; a thread that has handed its core off is no worker any more
//!             (`handoff`), and leaves the loop when the current task returns.
//! Invariants  I1 a worker sleeps only after it has looked at every queue behind its sleeper's bit (I2 of `idle`).
//!             I2 the count of searchers has this worker in it exactly while `searching` is set, or while it has been
//!                claimed and has not left its sleep.
//!             I3 a worker takes no more tasks from the inject queue than its ring has room for, because a ring that
//!                overflows pushes into that queue, whose lock is held at that time; and no more than run in the time
//!                that a task from outside should wait, because tasks that they wake are queued behind them.
//!             I4 a worker that runs foreign code between polls does not count as searching, since no push may rely on it. A
//!                waker that is called as part of a sleep, by the driver or by a timer, is the exception.
//! Rejected    A copy of the loop for the models: it went on proving what the scheduler no longer did.

use std::cell::Cell;
use std::time::Duration;

use selkie_core::raw::queue::RING_SLOTS;

use super::notify::SharedQueues;

/// A task of the scheduler that `W` is a worker of.
pub(super) type LoopTask<W> = <<W as WorkLoop>::Shared as SharedQueues>::Task;

/// A worker.
pub(super) trait WorkLoop {
    type Shared: SharedQueues;
    /// What the worker remembers of others from sleep to sleep.
    type Monitor: Default;

    fn shared(&self) -> &Self::Shared;

    /// The worker's number.
    fn index(&self) -> usize;

    /// Whether this thread still runs the worker. Foreign code may change that.
    fn has_core(&self) -> bool;

    /// Whether the worker counts as searching (I2).
    fn searching(&self) -> &Cell<bool>;

    /// Whether the ring has tasks that were not announced to other workers.
    fn unannounced(&self) -> &Cell<bool>;

    /// Whether the tasks that are pushed now are announced together, later.
    fn takes_events(&self) -> bool;

    /// Does maintenance, if that is due. `true`: the loop starts again, since the core may be gone.
    fn maintain_if_due(&self) -> bool;

    /// The next task of this worker's own, or from outside.
    fn next_task(&self) -> Option<LoopTask<Self>>;

    /// A task that an event wakes, if the worker expects one.
    fn look_for_events(&self) -> Option<LoopTask<Self>>;

    /// A task from another worker's ring, or from the inject queue.
    fn take_from_others(&self) -> Option<LoopTask<Self>>;

    /// Adds a task to this worker's ring.
    fn push_ring(&self, task: LoopTask<Self>);

    /// How many tasks to take from the inject queue at most (I3).
    fn most_from_outside(&self) -> usize;

    /// Counts tasks that were taken from another ring.
    fn count_stolen(&self, victim: usize, tasks: usize);

    /// Polls `task`.
    fn poll(&self, task: LoopTask<Self>);

    /// Called before the worker tries to sleep; foreign code may run.
    fn before_park(&self);

    /// Called when it has slept, or tried to; foreign code may run.
    fn after_unpark(&self);

    /// Whether the worker itself has something to do, which it alone sees.
    fn has_own_work(&self) -> bool;

    /// The worker has found nothing, and sleeps.
    fn begin_sleep(&self);

    /// How long a sleep that begins now may be at most.
    fn sleep_limit(&self, monitor: &mut Self::Monitor) -> Option<Duration>;

    /// A sleep is over; `woken` says whether another ended it. `true`: there is nothing to do here, sleep on.
    fn after_park(&self, monitor: &mut Self::Monitor, woken: bool) -> bool;

    /// Whether the sleeping worker is wanted for something else than work.
    fn is_wanted(&self) -> bool;

    /// The worker does not sleep any more.
    fn end_sleep(&self, monitor: &mut Self::Monitor);

    /// The loop: until the scheduler stops or the core is handed off.
    fn work(&self) {
        let mut monitor = Self::Monitor::default();
        while !self.shared().is_stopping() {
            if !self.has_core() {
                return;
            }
            if self.maintain_if_due() {
                continue;
            }
            let task = self.next_task().or_else(|| self.look_for_events());
            if task.is_none() && !self.has_core() {
                continue; // An event's waker has handed the core off: the queues are another thread's.
            }
            match task.or_else(|| self.search()) {
                Some(task) => self.run_task(task),
                None => self.sleep(&mut monitor),
            }
        }
    }

    /// Looks for a task in the other workers' rings, unless enough workers do.
    #[inline]
    fn search(&self) -> Option<LoopTask<Self>> {
        if !self.searching().get() && !self.shared().idle().start_searching() {
            return None;
        }
        self.searching().set(true);
        self.take_from_others()
    }

    /// This worker's share of the inject queue: one task to run, the others into the ring.
    fn take_from_outside(&self) -> Option<LoopTask<Self>> {
        let (shards, workers) = (self.shared().inject(), self.shared().workers());
        let waiting = self.shared().inject_len();
        if waiting == 0 {
            return None;
        }
        // I3
        let room = 1 + RING_SLOTS - self.shared().ring(self.index()).len().min(RING_SLOTS);
        let share = (waiting / workers + 1).min(RING_SLOTS / 2);
        let share = share.min(room).min(self.most_from_outside());
        let mut first = None;
        let mut taken = 0;
        for offset in 0..shards.len() {
            let shard = &shards[(self.index() + offset) % shards.len()];
            taken += shard.pop_many(share - taken, |task| {
                if first.is_none() {
                    first = Some(task);
                } else {
                    self.push_ring(task);
                }
            });
            if taken == share {
                break;
            }
        }
        first
    }

    /// Half of the tasks in the ring of worker `victim`: one to run, the others into our ring.
    #[inline]
    fn steal_from(&self, victim: usize) -> Option<LoopTask<Self>> {
        let mut first = None;
        let ring = self.shared().ring(victim);
        if ring.is_empty() {
            return None; // Spares the array that tasks are taken into.
        }
        let stolen = ring.take_half(|task| {
            if first.is_none() {
                first = Some(task);
            } else {
                self.push_ring(task);
            }
        });
        if stolen > 0 {
            self.count_stolen(victim, stolen);
        }
        first
    }

    /// Runs a task that was found.
    #[inline(always)]
    fn run_task(&self, task: LoopTask<Self>) {
        self.leave_search();
        self.poll(task);
    }

    /// The worker is about to run a task, or other foreign code, which may take long: pushes do not rely on it any more.
    #[inline(always)]
    fn leave_search(&self) {
        if self.searching().take() {
            self.stop_searching();
        }
    }

    /// The worker has left the searchers: if it was the last and sees more work, the next one wakes.
    #[cold]
    fn stop_searching(&self) {
        if self.shared().idle().stop_searching() && self.shared().has_work_for_others() {
            self.shared().notify(self.index());
        }
    }

    /// Tells others of a task that was just put into the ring, if that is due (I2 of `local_queue`).
    #[inline(never)]
    fn notify_of_push(&self) {
        if self.takes_events() {
            return;
        }
        let ring = self.shared().ring(self.index());
        if self.unannounced().take() || ring.len().is_power_of_two() {
            self.shared().notify(self.index());
        }
    }

    /// Sleeps until there may be work.
    #[inline]
    fn sleep(&self, monitor: &mut Self::Monitor) {
        self.before_park();
        // The hook may have handed the core off, which sleeps on another thread.
        if self.has_core() {
            self.sleep_unless_work(monitor);
        }
        self.after_unpark();
    }

    #[inline]
    fn sleep_unless_work(&self, monitor: &mut Self::Monitor) {
        if self.has_own_work() {
            return;
        }
        let (shared, index) = (self.shared(), self.index());
        shared.idle().sleep(index, self.searching().take());
        if shared.has_work_for_others() {
            shared.idle().search_instead(index); // I1
            self.searching().set(true);
            return;
        }
        self.begin_sleep();
        while self.park_once(monitor) && shared.idle().is_sleeping(index) && !self.is_wanted() {}
        self.searching().set(shared.idle().wake_self(index));
        self.end_sleep(monitor);
    }

    /// One sleep. `true`: nothing has happened, sleep on.
    #[inline]
    fn park_once(&self, monitor: &mut Self::Monitor) -> bool {
        let (shared, index) = (self.shared(), self.index());
        if shared.is_stopping() {
            return false;
        }
        let limit = self.sleep_limit(monitor);
        let woken = shared.parker(index).park(shared.driver(index), limit);
        self.after_park(monitor, woken)
    }
}
