//! The loop of a worker.
//!
//! Idea        The worker takes a task from the LIFO slot, its ring, the inject queue, or another worker's ring, and runs
//!             it; if there is none, it sleeps. In between it looks at its driver and timers, as often as `maintenance` says.
//! States      running tasks → searching → sleeping → …; a thread that has handed its core off is no worker any more
//!             (`handoff`), and leaves the loop when the current task returns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use selkie_core::raw::platform::tell;
use selkie_core::raw::task::Notified;
use selkie_core::raw::time::{Current, ParkLimit, set_current};
use selkie_core::time::Instant as TimerInstant;

use super::super::maintenance::Due;
use super::monitor::{Monitor, take_over};
use super::shared::{Core, MultiThread};
use super::stalled_workers::{fire_overdue, is_stuck};
use super::worker::{Worker, set_worker};
use crate::config::call;

/// A sleep that is shorter was none: events were there.
const AT_ONCE: Duration = Duration::from_micros(10);

/// Runs the worker whose core this is, until the scheduler stops or the core is handed off.
pub(super) fn run(shared: Arc<MultiThread>, core: Box<Core>) {
    // Foreign code is contained where it is called. What comes here all the same is a mistake of ours,
    // and nobody could go on with this worker's tasks.
    let or_else = AbortOnPanic;
    run_worker(&shared, core);
    std::mem::forget(or_else);
}

/// Ends the process when it drops.
struct AbortOnPanic;

impl Drop for AbortOnPanic {
    fn drop(&mut self) {
        tell("a worker panicked outside of any task; its tasks cannot go on");
        std::process::abort();
    }
}

fn run_worker(shared: &Arc<MultiThread>, core: Box<Core>) {
    let worker = Worker::new(shared, core.index);
    worker.install(core);
    let before = set_worker(std::ptr::from_ref(&worker).cast());
    let time_before = worker
        .remote
        .timers
        .map(|timers| set_current(Current::Timers(timers)));
    let _restore = Restore {
        before,
        time: time_before,
    };
    worker.work();
    drop(_restore);
    match worker.remove() {
        Some(core) => {
            worker.count_busy(Instant::now());
            shared.end_worker(*core);
        }
        // The worker goes on on another thread; a scheduler that ends may wait for this poll.
        None => shared.end.poll_ended(),
    }
}

/// Puts back what stood in the thread's cells, also on unwinding.
struct Restore {
    before: *const Worker<'static>,
    time: Option<Current>,
}

impl Drop for Restore {
    fn drop(&mut self) {
        set_worker(self.before);
        if let Some(time) = self.time {
            set_current(time);
        }
    }
}

impl Worker<'_> {
    fn work(&self) {
        let mut monitor = Monitor::default();
        while !self.shared.is_stopping() {
            if !self.has_core.get() {
                return;
            }
            match self.maintenance.before_poll() {
                Due::Poll => {}
                Due::Timers(now) => {
                    self.look_around(now);
                    if !self.has_core.get() {
                        continue;
                    }
                }
                Due::Maintenance => {
                    self.maintain();
                    // Tasks that it polled may have handed the core off.
                    continue;
                }
            }
            let task = self.next_task().or_else(|| self.look_for_events());
            if task.is_none() && !self.has_core.get() {
                continue; // An event's waker has handed the core off: the queues are another thread's.
            }
            match task.or_else(|| self.search()) {
                Some(task) => self.run_task(task),
                None => self.sleep(&mut monitor),
            }
        }
    }

    /// Adds the time since the last look to the worker's busy time; it is `now`.
    fn count_busy(&self, now: Instant) {
        self.maintenance.done(now);
        if let Some(since) = self.awake_since.replace(Some(now)) {
            let nanos = now.duration_since(since).as_nanos();
            let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
            self.remote.counters.busy_nanos.add(nanos);
            self.tune(nanos);
        }
    }

    /// Looks at driver and timers between tasks.
    fn maintain(&self) {
        self.shared.drivers.settle(self.index);
        self.look_into_driver();
        self.fire_timers();
        let now = Instant::now();
        self.look_around(now);
        if !self.has_core.get() {
            return; // The counters are another thread's, too.
        }
        self.count_busy(now);
        // A waker that is kept again makes the next maintenance come at once.
        self.wake_kept();
        self.give_memory_back();
        let depth = self.remote.ring.len() as u64;
        self.remote.counters.queue_depth.set(depth);
        if self.has_core.get() && self.shared.dumps.is_active() {
            self.answer_dumps();
        }
    }

    /// Takes the events that are there.
    fn look_into_driver(&self) {
        let before = self.waiting();
        self.looking.set(true);
        self.shared.drivers.of(self.index).poll();
        self.looking.set(false);
        if self.waiting() > before {
            self.notify_of_events();
        }
    }

    /// A task that an event wakes, if this worker has a driver of its own that is likely to have one: that costs
    /// less than to search, or to lie down and get up again.
    fn look_for_events(&self) -> Option<Notified> {
        if !self.expects_events.get() {
            return None;
        }
        self.shared.drivers.settle(self.index);
        self.look_into_driver();
        let task = if self.has_core.get() {
            self.next_task()
        } else {
            None
        };
        self.expects_events.set(task.is_some());
        task
    }

    fn fire_timers(&self) {
        if let Some(timers) = self.remote.timers {
            timers.fire_due();
        }
    }

    /// Fires this worker's timers that are due at `now`, and looks after one other worker that may have left timers and
    /// tasks waiting.
    fn look_around(&self, now: Instant) {
        if let Some(timers) = self.remote.timers {
            if timers.is_overdue(TimerInstant::from_std(now)) {
                timers.fire_due();
            }
        }
        let shared = self.shared;
        let Some(index) = self.stalled.worker_to_look_at(shared, self.index, now) else {
            return;
        };
        fire_overdue(shared, index, now);
        // A timer's waker may hand the core off: then another thread's are the queues.
        if is_stuck(shared, index, now) && self.has_core.get() {
            take_over(self, index);
        }
    }

    /// Sleeps until there may be work.
    fn sleep(&self, monitor: &mut Monitor) {
        call(self.shared.config.before_park.as_ref());
        if !self.has_core.get() {
            // The hook has handed the core off, which sleeps on another thread.
            return call(self.shared.config.after_unpark.as_ref());
        }
        self.sleep_between_hooks(monitor);
        call(self.shared.config.after_unpark.as_ref());
        if self.has_core.get() && self.shared.dumps.is_active() {
            self.answer_dumps();
        }
    }

    fn sleep_between_hooks(&self, monitor: &mut Monitor) {
        let remote = self.remote;
        let has_news = self.shared.drivers.settle(self.index);
        if has_news || self.waiting() > 0 || !self.kept.borrow().is_empty() {
            return;
        }
        self.shared.idle.sleep(self.index, self.searching.take());
        if self.shared.has_work_for_others() {
            self.shared.idle.search_instead(self.index);
            self.searching.set(true);
            return;
        }
        self.count_park();
        let lay_down = Instant::now();
        self.count_busy(lay_down);
        self.parking.set(true);
        while self.park_once(monitor)
            && self.shared.idle.is_sleeping(self.index)
            && !self.shared.dumps.is_active()
            && !self.shared.drivers.settle(self.index)
        {}
        self.parking.set(false);
        let now = Instant::now();
        self.maintenance.done(now);
        self.awake_since.set(Some(now));
        remote.counters.unparks.increment();
        self.searching.set(self.shared.idle.wake_self(self.index));
        monitor.leave(self);
        let at_once = now.duration_since(lay_down) < AT_ONCE;
        self.expects_events
            .set(at_once && self.shared.drivers.are_own() && self.waiting() > 0);
        self.notify_of_events();
    }

    /// One sleep, as long as the timers allow. `true`: nothing has happened, sleep on.
    fn park_once(&self, monitor: &mut Monitor) -> bool {
        if self.shared.is_stopping() {
            return false;
        }
        let remote = self.remote;
        let limit = match remote.timers.map(|timers| timers.prepare_park()) {
            None | Some(ParkLimit::Forever) => None,
            Some(ParkLimit::Sleep(limit)) => Some(limit),
            // Only a single-thread runtime's clock can be paused.
            Some(ParkLimit::Advance) => Some(Duration::ZERO),
        };
        let limit = monitor.limit(self, self.sleep_with_surplus(limit));
        let woken = remote
            .parker
            .park(self.shared.drivers.of(self.index), limit);
        if let Some(timers) = remote.timers {
            timers.finish_park();
            timers.fire_due();
        }
        self.give_memory_back();
        if woken {
            // For work, which clears our bit; to look at the limit again; or to monitor.
            monitor.reset_quiet_rounds();
        }
        let found = monitor.look_after_others(self);
        self.waiting() == 0 && !found
    }
}
