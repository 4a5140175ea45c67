//! What observes the tasks of a runtime: hooks, histograms, statistics, the recorder.
//!
//! Idea        There is one table, and none for a runtime of which nobody has asked anything: then a spawn, a wake and a poll look
//!             into an empty slot (`probes_slot`), and that is all they pay.
//! Invariants  I1 a hook that panics does not end a worker, or leave a task half ended; the hook for spawning panics in the
//!                caller of `spawn`.
//! Rejected    A flag per feature on the paths of spawn and poll.

use std::io;
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use selkie_core::raw::collections::boxed_slice;
use selkie_core::raw::platform::contain_panic;
use selkie_core::raw::task::Notified;
use selkie_core::task::{Id, current_id};

use super::histogram::{Histogram, HistogramConfiguration};
use super::latency::Stamps;
use super::meta::TaskMeta;
use super::names::name_of;
use super::observed_set::{OTHERS, ObservedSet, RECORDED, TRACKED};
use super::probes_config::{ProbesConfig, StallHook, TaskHook};
use super::recorded_probes::RecordedProbes;
use super::recorder::{Recorder, RecordingSnapshot};
use super::running_polls::RunningPolls;
use super::statistics::TaskTable;
use super::thread_role::{self, ProbesNumber, WakeCause};
use super::timed_probes::TimedProbes;
use crate::sys::TickClock;

/// The table of one runtime.
pub(crate) struct Probes {
    number: ProbesNumber,
    clock: &'static TickClock,
    /// What is observed now.
    observed: ObservedSet,
    config: ProbesConfig,
    stamps: Option<Stamps>,
    pub(super) poll_times: Option<Box<[Histogram]>>,
    pub(super) latencies: Option<Box<[Histogram]>>,
    /// What the workers poll, from when either of the next two was asked for.
    pub(super) polls: OnceLock<RunningPolls>,
    /// The statistics of tasks, from when they were first asked for.
    pub(super) tasks: OnceLock<TaskTable>,
    /// The recorder, from when it was first started.
    recorder: OnceLock<Recorder>,
    /// What the watchdog does with a long poll beside its report.
    on_stall: OnceLock<StallHook>,
}

/// Calls a hook, if there is one (I1).
#[inline]
fn call(hook: Option<&TaskHook>, meta: &TaskMeta<'_>) {
    if let Some(hook) = hook {
        // The panic's message has been written already.
        contain_panic(|| hook(meta));
    }
}

impl Probes {
    /// The table for `workers` workers; `None` if nothing was asked for.
    ///
    /// # Errors
    /// If the watchdog's thread cannot be started.
    #[inline]
    pub(crate) fn new(config: &ProbesConfig, workers: usize) -> io::Result<Option<Arc<Self>>> {
        if !config.is_any() {
            return Ok(None);
        }
        let histograms = |shape: &Option<HistogramConfiguration>| {
            let shape = shape.as_ref()?;
            Some(boxed_slice(workers, |_| Histogram::new(shape)))
        };
        let with_stamps = config.track_latency || config.latencies.is_some();
        let probes = Self {
            stamps: with_stamps.then(Stamps::default),
            poll_times: histograms(&config.poll_times),
            latencies: histograms(&config.latencies),
            config: config.clone(),
            ..Self::empty()
        };
        if config.has_others() {
            probes.observed.insert(OTHERS);
        }
        if config.track_tasks {
            probes.track_tasks(workers);
        }
        Ok(Some(Arc::new(probes)))
    }

    /// A table that observes nothing yet.
    #[inline]
    pub(crate) fn empty() -> Self {
        Self {
            number: ProbesNumber::next(),
            clock: TickClock::get(),
            observed: ObservedSet::new(),
            config: ProbesConfig::default(),
            stamps: None,
            poll_times: None,
            latencies: None,
            polls: OnceLock::new(),
            tasks: OnceLock::new(),
            recorder: OnceLock::new(),
            on_stall: OnceLock::new(),
        }
    }

    /// Has the statistics of tasks kept from now on.
    #[inline]
    pub(crate) fn track_tasks(&self, workers: usize) {
        self.polls.get_or_init(|| RunningPolls::new(workers));
        self.tasks.get_or_init(TaskTable::new);
        self.observed.insert(TRACKED);
    }

    /// What is kept in ticks, if anything is.
    #[inline]
    fn timed(&self) -> Option<TimedProbes<'_>> {
        if !self.observed.has_any(TRACKED | RECORDED) {
            return None;
        }
        Some(TimedProbes {
            number: self.number,
            clock: self.clock,
            polls: self.polls.get()?,
            tasks: self.tasks.get(),
            recorder: self.recorder(),
        })
    }

    /// What is kept in ticks, if that is a recording, and the recording is all that is observed.
    #[inline]
    fn recorded(&self) -> Option<RecordedProbes<'_>> {
        if !self.observed.is(RECORDED) {
            return None;
        }
        Some(RecordedProbes {
            number: self.number,
            clock: self.clock,
            polls: self.polls.get()?,
            recorder: self.recorder.get()?,
        })
    }

    /// The recorder, if it is on.
    #[inline]
    fn recorder(&self) -> Option<&Recorder> {
        if self.is_recording() {
            self.recorder.get()
        } else {
            None
        }
    }

    /// Whether the recorder is on.
    #[inline]
    pub(crate) fn is_recording(&self) -> bool {
        self.observed.has_any(RECORDED)
    }

    /// Makes a recorder if there is none, which keeps `capacity` events of each of `workers` workers, and switches it on. Returns how
    /// often that was done.
    #[inline]
    pub(crate) fn start_recording(&self, workers: usize, capacity: usize) -> u64 {
        self.polls.get_or_init(|| RunningPolls::new(workers));
        let make = || Recorder::new(self.number, workers, capacity);
        let mut starts = self.recorder.get_or_init(make).starts();
        *starts += 1;
        self.observed.insert(RECORDED);
        *starts
    }

    /// Switches the recorder off.
    #[inline]
    pub(crate) fn stop_recording(&self) {
        self.observed.remove(RECORDED);
    }

    /// Switches the recorder off if it was started so often. Returns whether it was.
    #[inline]
    pub(crate) fn stop_recording_of(&self, starts: u64) -> bool {
        let of_recorder = |recorder: &Recorder| {
            let now = recorder.starts();
            let is_last = *now == starts;
            if is_last {
                self.stop_recording();
            }
            is_last
        };
        self.recorder.get().is_some_and(of_recorder)
    }

    /// What the recorder's rings hold, if there is one; the runtime is called `runtime`.
    #[inline]
    pub(crate) fn recording(&self, runtime: String) -> Option<RecordingSnapshot> {
        Some(self.recorder.get()?.snapshot(runtime, self.polls.get()?))
    }

    /// How often the recorder was started, if there is one.
    #[inline]
    pub(crate) fn recorder_starts(&self) -> Option<u64> {
        self.recorder.get().map(|recorder| *recorder.starts())
    }

    /// A task is about to be spawned.
    #[inline]
    pub(crate) fn spawned(&self, id: Id, location: &'static Location<'static>) {
        if let Some(hook) = &self.config.on_spawn {
            let name = name_of(id);
            hook(&TaskMeta::new(id, name.as_deref(), location));
        }
        if let Some(timed) = self.timed() {
            timed.spawn(id, location);
        }
    }

    /// A task is about to be queued.
    #[inline]
    pub(crate) fn queued(&self, task: &Notified) {
        match self.recorded() {
            Some(recorded) => recorded.queue(task),
            None => self.queued_observed(task),
        }
    }

    #[inline]
    fn queued_observed(&self, task: &Notified) {
        if let Some(timed) = self.timed() {
            timed.queue(task);
        }
        if let Some(stamps) = &self.stamps {
            stamps.queued(task);
        }
    }

    /// Worker `worker`, which the thread has, does more than to take its next task.
    #[inline]
    pub(crate) fn interrupt(&self, worker: usize) {
        if let Some(polls) = self.polls.get() {
            polls.of(worker).interrupt();
        }
    }

    /// Runs a task on worker `worker`. What that did since the last one, other than to take this one, has called [`interrupt`](Self::interrupt).
    #[inline]
    pub(crate) fn run(&self, worker: usize, task: Notified) {
        match self.recorded() {
            Some(recorded) => recorded.run(worker, task),
            None => self.run_observed(worker, task),
        }
    }

    /// Runs a task on worker `worker`, while nothing is kept in ticks.
    #[inline]
    fn run_untimed(&self, worker: usize, task: Notified) {
        self.interrupt(worker);
        task.run();
    }

    /// Runs a task on worker `worker`, with statistics, hooks and histograms, or with none of them any more.
    #[inline]
    fn run_observed(&self, worker: usize, task: Notified) {
        let (id, location) = (task.id(), task.location());
        let latency = self.stamps.as_ref().and_then(|stamps| stamps.taken(&task));
        if let (Some(latencies), Some(latency)) = (&self.latencies, latency) {
            latencies[worker].record(latency);
        }
        let has_hooks = self.config.before_poll.is_some() || self.config.after_poll.is_some();
        let name = if has_hooks { name_of(id) } else { None };
        let meta = TaskMeta::new(id, name.as_deref(), location).with_latency(latency);
        call(self.config.before_poll.as_ref(), &meta);
        let begun = self.poll_times.as_ref().map(|_| Instant::now());
        if self.observed.has_any(OTHERS) {
            self.interrupt(worker); // The hooks.
        }
        match self.timed() {
            None => self.run_untimed(worker, task),
            Some(timed) => timed.run(worker, task),
        }
        if let (Some(poll_times), Some(begun)) = (&self.poll_times, begun) {
            poll_times[worker].record(begun.elapsed());
        }
        call(self.config.after_poll.as_ref(), &meta);
    }

    /// What worker `worker` polls may block from here on: another thread has the worker.
    #[inline]
    pub(crate) fn handed_off(&self, worker: usize) {
        self.interrupt(worker);
        match self.timed() {
            Some(timed) => timed.hand_off(worker, current_id()),
            // What was on when the poll began may be off by now.
            None => drop(thread_role::leave(self.number)),
        }
    }

    /// A task has ended.
    #[inline]
    pub(crate) fn finished(&self, id: Id, location: &'static Location<'static>) {
        if let Some(timed) = self.timed() {
            timed.finish(id, location);
        }
        if let Some(hook) = &self.config.on_terminate {
            let name = name_of(id);
            call(Some(hook), &TaskMeta::new(id, name.as_deref(), location));
        }
    }

    /// Whether the statistics of tasks are kept.
    #[inline]
    pub(crate) fn is_tracking_tasks(&self) -> bool {
        self.tasks.get().is_some()
    }

    /// Has `hook` called when the watchdog has found a long poll; only the first one that is given is.
    #[allow(dead_code, reason = "asked for by recordings that are written")]
    #[inline]
    pub(crate) fn on_stall(&self, hook: StallHook) {
        self.on_stall.get_or_init(|| hook);
    }

    /// What is done when the watchdog has found a long poll, beside its report.
    #[inline]
    pub(crate) fn stall_hook(&self) -> Option<&StallHook> {
        self.on_stall.get()
    }

    /// Worker `worker`, whose loop calls this, has taken `tasks` tasks from worker `victim`.
    #[inline]
    pub(crate) fn stolen(&self, worker: usize, victim: usize, tasks: usize) {
        self.interrupt(worker);
        if let Some(recorder) = self.recorder() {
            recorder.steal(worker, victim, tasks);
        }
    }

    /// Worker `worker`, whose loop calls this, goes to sleep.
    #[inline]
    pub(crate) fn parks(&self, worker: usize) {
        self.interrupt(worker);
        if let Some(recorder) = self.recorder() {
            recorder.park(worker);
        }
    }

    /// Worker `worker`, whose loop calls this, has slept.
    #[inline]
    pub(crate) fn unparked(&self, worker: usize) {
        // Also if it is off by now: see `handed_off`.
        if let Some(recorder) = self.recorder.get() {
            recorder.unpark(worker, self.is_recording());
        }
    }

    /// So many tasks wait for worker `worker`, whose loop calls this, and in the inject queue.
    #[inline]
    pub(crate) fn depth(&self, worker: usize, local: usize, inject: usize) {
        if let Some(recorder) = self.recorder() {
            recorder.note_depth(worker, local, inject);
        }
    }

    /// Worker `worker`, which the thread has, looks at its driver by `look`.
    #[inline]
    pub(crate) fn look(&self, worker: usize, cause: WakeCause, look: &mut dyn FnMut()) {
        self.interrupt(worker);
        let _turn = self
            .recorder()
            .map(|recorder| recorder.begin_turn(worker, cause));
        look();
    }

    /// Worker `worker`, which the thread has, fires its timers that are due.
    #[inline]
    pub(crate) fn fire(&self, worker: usize, fire: &mut dyn FnMut() -> usize) {
        self.interrupt(worker);
        let recorder = self.recorder();
        let mut turn = recorder.map(|recorder| recorder.begin_turn(worker, WakeCause::Timer));
        let fired = fire();
        if let Some(turn) = &mut turn {
            turn.fired = fired;
        }
    }

    /// A closure on the blocking pool begins, or has returned.
    #[inline]
    pub(crate) fn blocking(&self, begins: bool, id: Id, location: &'static Location<'static>) {
        if let Some(recorder) = self.recorder() {
            recorder.block(begins, id, location);
        }
    }
}
