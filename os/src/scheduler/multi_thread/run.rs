//! How a thread runs a worker, and what the worker does around its tasks and sleeps.
//!
//! Idea        The loop itself is `work_loop`. Here stands what the worker does in it besides running tasks: it looks at its
//!             driver and timers, as often as `maintenance` says, counts what it does, and looks after others as it sleeps.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use selkie_core::raw::platform::tell;
use selkie_core::raw::task::Notified;
use selkie_core::raw::time::{Current, set_current};
use selkie_core::time::Instant as TimerInstant;

use super::super::maintenance::DueWork;
use super::monitor::{Monitor, take_over};
use super::shared::{Core, MultiThread};
use super::stalled_workers::{fire_overdue, is_stuck};
use super::work_loop::WorkLoop;
use super::worker::{Worker, set_worker};
use crate::config::{Callback, call};
use crate::observability::WakeCause;

const NANOS: u64 = 1_000_000_000;
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
    let _restore = WorkerGuard {
        before,
        time: time_before,
    };
    worker.work();
    drop(_restore);
    match worker.remove() {
        Some(core) => {
            worker.count_busy(Instant::now());
            shared.end_worker(*core);
            // What the thread polls from here on is not the worker's.
            worker.remote.counters.thread.leave();
        }
        // The worker goes on on another thread; a scheduler that ends may wait for this poll.
        None => shared.end.poll_ended(),
    }
}

/// Puts back what stood in the thread's cells, also on unwinding.
struct WorkerGuard {
    before: *const Worker<'static>,
    time: Option<Current>,
}

impl Drop for WorkerGuard {
    fn drop(&mut self) {
        set_worker(self.before);
        if let Some(time) = self.time {
            set_current(time);
        }
    }
}

impl WorkLoop for Worker<'_> {
    type Shared = MultiThread;
    type Monitor = Monitor;

    #[inline]
    fn shared(&self) -> &MultiThread {
        self.shared
    }

    #[inline]
    fn index(&self) -> usize {
        self.index
    }

    #[inline]
    fn has_core(&self) -> bool {
        self.has_core.get()
    }

    #[inline]
    fn searching(&self) -> &Cell<bool> {
        &self.searching
    }

    #[inline]
    fn unannounced(&self) -> &Cell<bool> {
        &self.unannounced
    }

    #[inline]
    fn takes_events(&self) -> bool {
        self.parking.get() || self.looking.get()
    }

    #[inline]
    fn maintain_if_due(&self) -> bool {
        match self.maintenance.before_poll() {
            DueWork::Poll => false,
            DueWork::Timers(now) => {
                self.leave_search();
                self.look_around(now);
                !self.has_core.get()
            }
            // The task that it is called for has waited already.
            DueWork::Maintenance if self.is_to_answer_call() && self.maintenance.postpone() => {
                false
            }
            DueWork::Maintenance => {
                self.leave_search();
                self.maintain();
                // Tasks that it polled may have handed the core off.
                true
            }
        }
    }

    #[inline]
    fn next_task(&self) -> Option<Notified> {
        self.take_own_or_outside()
    }

    #[inline]
    fn look_for_events(&self) -> Option<Notified> {
        if self.expects_events.get() {
            self.take_from_events()
        } else {
            None
        }
    }

    #[inline]
    fn take_from_others(&self) -> Option<Notified> {
        self.steal_or_take_outside()
    }

    #[inline]
    fn push_ring(&self, task: Notified) {
        self.push_own(task);
    }

    fn most_from_outside(&self) -> usize {
        self.tuning.share()
    }

    fn count_stolen(&self, victim: usize, tasks: usize) {
        if let Some(probes) = self.shared.probes() {
            probes.stolen(self.index, victim, tasks);
        }
        let counters = &self.remote.counters;
        counters.steal_operations.increment();
        counters.steals.add(tasks as u64);
    }

    #[inline(always)]
    fn poll(&self, task: Notified) {
        match self.shared.probes() {
            None => task.run_inline(),
            Some(probes) => probes.run(self.index, task),
        }
        // Counted when it is over, with whatever else is measured of it, unless `handoff` did.
        if !self.counted.take() {
            self.remote.counters.polls.publish_one();
        }
    }

    #[inline]
    fn before_park(&self) {
        self.run_callback(self.shared.config.before_park.as_ref());
    }

    #[inline]
    fn after_unpark(&self) {
        self.run_callback(self.shared.config.after_unpark.as_ref());
        if self.has_core.get() && self.shared.dumps.is_active() {
            self.answer_dumps();
        }
    }

    #[inline]
    fn has_own_work(&self) -> bool {
        let has_news = self.submit_and_reap();
        has_news || self.waiting() > 0 || !self.kept.borrow().is_empty()
    }

    #[inline]
    fn begin_sleep(&self) {
        self.count_park();
        self.count_busy(Instant::now());
        self.parking.set(true);
        if let Some(probes) = self.shared.probes() {
            probes.parks(self.index);
        }
    }

    #[inline]
    fn sleep_limit(&self, monitor: &mut Monitor) -> Option<Duration> {
        monitor.limit(self, self.prepare_park())
    }

    #[inline]
    fn after_park(&self, monitor: &mut Monitor, woken: bool) -> bool {
        self.finish_park();
        self.fire_timers();
        if woken {
            // For work, which clears our bit; to look at the limit again; or to monitor.
            monitor.reset_quiet_rounds();
        }
        let found = monitor.look_after_others(self);
        self.waiting() == 0 && !found
    }

    #[inline]
    fn is_wanted(&self) -> bool {
        self.shared.dumps.is_active() || self.shared.drivers.submit_and_reap(self.index)
    }

    #[inline]
    fn end_sleep(&self, monitor: &mut Monitor) {
        if let Some(probes) = self.shared.probes() {
            probes.unparked(self.index);
        }
        self.parking.set(false);
        let now = Instant::now();
        self.maintenance.done(now);
        let lay_down = self.awake_since.replace(Some(now));
        let slept = lay_down.map_or(Duration::MAX, |then| now.duration_since(then));
        if cfg!(feature = "taskdump") && lay_down.is_some() {
            let nanos = slept.as_secs() * NANOS + u64::from(slept.subsec_nanos());
            self.remote.counters.looked_at.add(nanos);
        }
        self.remote.counters.unparks.increment();
        monitor.leave(self);
        let at_once = slept < AT_ONCE;
        self.expects_events
            .set(at_once && self.shared.drivers.are_own() && self.waiting() > 0);
        self.notify_of_events();
    }
}

impl Worker<'_> {
    /// Adds the time since the last look to the worker's busy time; it is `now`.
    fn count_busy(&self, now: Instant) {
        self.maintenance.done(now);
        if let Some(since) = self.awake_since.replace(Some(now)) {
            let nanos = now.duration_since(since).as_nanos();
            let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
            self.remote.counters.busy_nanos.add(nanos);
            self.tune(nanos);
            if cfg!(feature = "taskdump") {
                self.remote.counters.looked_at.add(nanos);
            }
        }
    }

    /// Looks at driver and timers between tasks.
    fn maintain(&self) {
        self.submit_and_reap();
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
        if let Some(probes) = self.shared.probes() {
            probes.depth(self.index, self.waiting(), self.shared.inject_len());
        }
        if self.has_core.get() && self.shared.dumps.is_active() {
            self.answer_dumps();
        }
    }

    /// Calls a hook, if there is one.
    #[inline]
    fn run_callback(&self, hook: Option<&Callback>) {
        if hook.is_some() {
            self.leave_search();
            call(hook);
        }
    }

    /// Submits what this worker has asked of its driver; returns whether it woke anybody, or there is more.
    #[inline]
    fn submit_and_reap(&self) -> bool {
        let look = || self.shared.drivers.submit_and_reap(self.index);
        let Some(probes) = self.shared.probes() else {
            return look();
        };
        let mut has_more = false;
        probes.look(self.index, WakeCause::Completion, &mut || has_more = look());
        has_more
    }

    /// Takes the events that are there.
    fn look_into_driver(&self) {
        let before = self.waiting();
        self.looking.set(true);
        let look = || self.shared.drivers.of(self.index).poll();
        match self.shared.probes() {
            None => look(),
            Some(probes) => probes.look(self.index, WakeCause::Readiness, &mut { look }),
        }
        self.looking.set(false);
        if self.waiting() > before {
            self.notify_of_events();
        }
    }

    /// A task that an event wakes, of a worker that has a driver of its own that is likely to have one: that costs
    /// less than to search, or to lie down and get up again.
    fn take_from_events(&self) -> Option<Notified> {
        self.leave_search();
        self.submit_and_reap();
        self.look_into_driver();
        let task = if self.has_core.get() {
            self.take_own_or_outside()
        } else {
            None
        };
        self.expects_events.set(task.is_some());
        task
    }

    fn fire_timers(&self) {
        if let Some(timers) = self.remote.timers {
            match self.shared.probes() {
                None => drop(timers.fire_due()),
                Some(probes) => probes.fire(self.index, &mut || timers.fire_due()),
            }
        }
    }

    /// Fires this worker's timers that are due at `now`, and looks after one other worker that may have left timers and
    /// tasks waiting.
    fn look_around(&self, now: Instant) {
        if let Some(timers) = self.remote.timers {
            if timers.is_overdue(TimerInstant::from_std(now)) {
                self.fire_timers();
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
}
