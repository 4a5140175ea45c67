//! What observes the tasks of a runtime: hooks, histograms, statistics, the recorder.
//!
//! Idea        There is one table, and none for a runtime of which nobody has asked anything: then a spawn, a wake and a poll look
//!             into an empty slot (`probes_slot`), and that is all they pay.
//! Invariants  I1 a hook that panics does not end a worker, or leave a task half ended; the hook for spawning panics in the
//!                caller of `spawn`.
//! Rejected    A flag per feature on the paths of spawn and poll.

use std::fmt;
use std::io;
use std::ops::Range;
use std::panic::Location;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use selkie_core::raw::collections::boxed_slice;
use selkie_core::raw::platform::contain_panic;
use selkie_core::raw::task::Notified;
use selkie_core::task::{Id, current_id};

use super::histogram::{Histogram, HistogramConfiguration};
use super::latency::Stamps;
use super::meta::TaskMeta;
use super::names::name_of;
use super::recorder::{Recorder, RecordingSnapshot};
use super::running_polls::RunningPolls;
use super::statistics::{SpawnPlaceStatistics, TaskStatistics, TaskTable};
use super::thread_role::{self, ProbesNumber, WakeCause};
use super::timed_probes::TimedProbes;
use crate::sys::TickClock;

/// A hook that is called for tasks.
pub(crate) type TaskHook = Arc<dyn Fn(&TaskMeta<'_>) + Send + Sync>;

/// What is done when the watchdog has found a long poll.
pub(crate) type StallHook = Arc<dyn Fn() + Send + Sync>;

/// What a table is made with.
#[derive(Clone, Default)]
pub(crate) struct ProbesConfig {
    pub(crate) on_spawn: Option<TaskHook>,
    pub(crate) on_terminate: Option<TaskHook>,
    pub(crate) before_poll: Option<TaskHook>,
    pub(crate) after_poll: Option<TaskHook>,
    pub(crate) poll_times: Option<HistogramConfiguration>,
    pub(crate) latencies: Option<HistogramConfiguration>,
    pub(crate) track_latency: bool,
    pub(crate) track_tasks: bool,
}

/// The table of one runtime.
pub(crate) struct Probes {
    number: ProbesNumber,
    clock: &'static TickClock,
    /// Whether there is more than what is kept in ticks.
    has_others: bool,
    config: ProbesConfig,
    stamps: Option<Stamps>,
    poll_times: Option<Box<[Histogram]>>,
    latencies: Option<Box<[Histogram]>>,
    /// What the workers poll, from when either of the next two was asked for.
    polls: OnceLock<RunningPolls>,
    /// The statistics of tasks, from when they were first asked for.
    tasks: OnceLock<TaskTable>,
    /// The recorder, from when it was first started.
    recorder: OnceLock<Recorder>,
    /// What the watchdog does with a long poll beside its report.
    on_stall: OnceLock<StallHook>,
}

impl fmt::Debug for Probes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probes").finish_non_exhaustive()
    }
}

/// Which figure of a worker is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Figure {
    PollTime,
    Latency,
}

/// Calls a hook, if there is one (I1).
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
    pub(crate) fn new(config: &ProbesConfig, workers: usize) -> io::Result<Option<Arc<Self>>> {
        let asked = config.on_spawn.is_some()
            || config.on_terminate.is_some()
            || config.before_poll.is_some()
            || config.after_poll.is_some()
            || config.poll_times.is_some()
            || config.latencies.is_some()
            || config.track_latency
            || config.track_tasks;
        if !asked {
            return Ok(None);
        }
        let histograms = |shape: &Option<HistogramConfiguration>| {
            let shape = shape.as_ref()?;
            Some(boxed_slice(workers, |_| Histogram::new(shape)))
        };
        let with_stamps = config.track_latency || config.latencies.is_some();
        let probes = Self {
            has_others: true,
            stamps: with_stamps.then(Stamps::default),
            poll_times: histograms(&config.poll_times),
            latencies: histograms(&config.latencies),
            config: config.clone(),
            ..Self::empty()
        };
        if config.track_tasks {
            probes.track_tasks(workers);
        }
        Ok(Some(Arc::new(probes)))
    }

    /// A table that observes nothing yet.
    pub(crate) fn empty() -> Self {
        Self {
            number: ProbesNumber::next(),
            clock: TickClock::get(),
            has_others: false,
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
    pub(crate) fn track_tasks(&self, workers: usize) {
        self.polls.get_or_init(|| RunningPolls::new(workers));
        self.tasks.get_or_init(TaskTable::new);
    }

    /// What is kept in ticks, if anything is.
    #[inline]
    fn timed(&self) -> Option<TimedProbes<'_>> {
        let (tasks, recorder) = (self.tasks.get(), self.recorder());
        if tasks.is_none() && recorder.is_none() {
            return None;
        }
        Some(TimedProbes {
            number: self.number,
            clock: self.clock,
            polls: self.polls.get()?,
            tasks,
            recorder,
        })
    }

    /// The recorder, if it is on.
    #[inline]
    fn recorder(&self) -> Option<&Recorder> {
        self.recorder.get().filter(|recorder| recorder.is_on())
    }

    /// The recorder; makes one if there is none. It keeps `capacity` events of each of `workers` workers.
    pub(crate) fn recorder_or_make(&self, workers: usize, capacity: usize) -> &Recorder {
        self.polls.get_or_init(|| RunningPolls::new(workers));
        self.recorder
            .get_or_init(|| Recorder::new(self.number, workers, capacity))
    }

    /// What the recorder's rings hold, if there is one; the runtime is called `runtime`.
    pub(crate) fn recorded(&self, runtime: String) -> Option<RecordingSnapshot> {
        Some(self.recorder.get()?.snapshot(runtime, self.polls.get()?))
    }

    /// The recorder, on or off, if there is one.
    pub(crate) fn any_recorder(&self) -> Option<&Recorder> {
        self.recorder.get()
    }

    /// A task is about to be spawned.
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
    #[inline(never)]
    pub(crate) fn queued(&self, task: &Notified) {
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
            polls.interrupt(worker);
        }
    }

    /// Runs a task on worker `worker`. What that did since the last one, other than to take this one, has called [`interrupt`](Self::interrupt).
    // Never inline: what runs tasks without probes would need more registers.
    #[inline(never)]
    pub(crate) fn run(&self, worker: usize, task: Notified) {
        if self.has_others {
            return self.run_observed(worker, task);
        }
        match self.timed() {
            None => self.run_untimed(worker, task),
            Some(timed) => timed.run(worker, task),
        }
    }

    /// Runs a task on worker `worker`, while nothing is kept in ticks.
    fn run_untimed(&self, worker: usize, task: Notified) {
        self.interrupt(worker);
        task.run();
    }

    /// Runs a task on worker `worker`, with hooks, histograms and the watchdog.
    #[cold]
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
        self.interrupt(worker); // The hooks.
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
    pub(crate) fn handed_off(&self, worker: usize) {
        self.interrupt(worker);
        match self.timed() {
            Some(timed) => timed.hand_off(worker, current_id()),
            // What was on when the poll began may be off by now.
            None => drop(thread_role::leave(self.number)),
        }
    }

    /// A task has ended.
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
    pub(crate) fn is_tracking_tasks(&self) -> bool {
        self.tasks.get().is_some()
    }

    /// Has `hook` called when the watchdog has found a long poll; only the first one that is given is.
    #[allow(dead_code, reason = "asked for by recordings that are written")]
    pub(crate) fn on_stall(&self, hook: StallHook) {
        self.on_stall.get_or_init(|| hook);
    }

    /// What is done when the watchdog has found a long poll, beside its report.
    pub(crate) fn stall_hook(&self) -> Option<&StallHook> {
        self.on_stall.get()
    }

    /// Worker `worker`, whose loop calls this, has taken `tasks` tasks from worker `victim`.
    pub(crate) fn stolen(&self, worker: usize, victim: usize, tasks: usize) {
        self.interrupt(worker);
        if let Some(recorder) = self.recorder() {
            recorder.steal(worker, victim, tasks);
        }
    }

    /// Worker `worker`, whose loop calls this, goes to sleep.
    pub(crate) fn parks(&self, worker: usize) {
        self.interrupt(worker);
        if let Some(recorder) = self.recorder() {
            recorder.park(worker);
        }
    }

    /// Worker `worker`, whose loop calls this, has slept.
    pub(crate) fn unparked(&self, worker: usize) {
        // Also if it is off by now: see `handed_off`.
        if let Some(recorder) = self.recorder.get() {
            recorder.unpark(worker);
        }
    }

    /// So many tasks wait for worker `worker`, whose loop calls this, and in the inject queue.
    pub(crate) fn depth(&self, worker: usize, local: usize, inject: usize) {
        if let Some(recorder) = self.recorder() {
            recorder.note_depth(worker, local, inject);
        }
    }

    /// Worker `worker`, which the thread has, looks at its driver by `look`.
    #[inline(never)]
    pub(crate) fn look<R>(&self, worker: usize, cause: WakeCause, look: impl FnOnce() -> R) -> R {
        self.interrupt(worker);
        let _turn = self
            .recorder()
            .map(|recorder| recorder.begin_turn(worker, cause));
        look()
    }

    /// Worker `worker`, which the thread has, fires its timers that are due.
    #[inline(never)]
    pub(crate) fn fire(&self, worker: usize, fire: impl FnOnce() -> usize) {
        self.interrupt(worker);
        let recorder = self.recorder();
        let mut turn = recorder.map(|recorder| recorder.begin_turn(worker, WakeCause::Timer));
        let fired = fire();
        if let Some(turn) = &mut turn {
            turn.fired = fired;
        }
    }

    /// A closure on the blocking pool begins, or has returned.
    pub(crate) fn blocking(&self, begins: bool, id: Id, location: &'static Location<'static>) {
        if let Some(recorder) = self.recorder() {
            recorder.block(begins, id, location);
        }
    }

    /// The statistics of each living task; `None` if they are not kept.
    pub(crate) fn tasks(&self) -> Option<Vec<TaskStatistics>> {
        Some(self.tasks.get()?.tasks(self.polls.get()?))
    }

    /// The statistics of each spawn place; `None` if they are not kept.
    pub(crate) fn spawn_places(&self) -> Option<Vec<SpawnPlaceStatistics>> {
        Some(self.tasks.get()?.spawn_places(self.polls.get()?))
    }

    fn histograms(&self, figure: Figure) -> Option<&[Histogram]> {
        match figure {
            Figure::PollTime => self.poll_times.as_deref(),
            Figure::Latency => self.latencies.as_deref(),
        }
    }

    /// How many buckets the histogram has; `None` if there is none.
    pub(crate) fn buckets(&self, figure: Figure) -> Option<usize> {
        Some(self.histograms(figure)?.first()?.buckets())
    }

    /// Which durations are in `bucket`.
    pub(crate) fn bucket_range(&self, figure: Figure, bucket: usize) -> Option<Range<Duration>> {
        Some(self.histograms(figure)?.first()?.range(bucket))
    }

    /// How many durations of worker `worker` are in `bucket`.
    pub(crate) fn bucket_count(&self, figure: Figure, worker: usize, bucket: usize) -> Option<u64> {
        Some(self.histograms(figure)?[worker].count(bucket))
    }
}
