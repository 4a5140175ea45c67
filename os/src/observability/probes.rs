//! What observes the tasks of a runtime: hooks, histograms.
//!
//! Idea        There is one table, and none for a runtime whose builder asked for nothing: then a spawn and a poll check a
//!             null pointer, and that is all they pay.
//! Invariants  I1 a hook that panics does not end a worker, or leave a task half ended; the hook for spawning panics in the
//!                caller of `spawn`.
//! Rejected    A flag per feature on the paths of spawn and poll.

use std::fmt;
use std::io;
use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use selkie_core::raw::platform::contain_panic;
use selkie_core::raw::task::Notified;
use selkie_core::task::Id;

use super::histogram::{Histogram, HistogramConfiguration};
use super::latency::Stamps;
use super::meta::TaskMeta;
use super::names::name_of;

/// A hook that is called for tasks.
pub(crate) type TaskHook = Arc<dyn Fn(&TaskMeta<'_>) + Send + Sync>;

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
}

/// The table of one runtime.
pub(crate) struct Probes {
    config: ProbesConfig,
    stamps: Option<Stamps>,
    poll_times: Option<Box<[Histogram]>>,
    latencies: Option<Box<[Histogram]>>,
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
            || config.track_latency;
        if !asked {
            return Ok(None);
        }
        let histograms = |shape: &Option<HistogramConfiguration>| {
            let shape = shape.as_ref()?;
            Some((0..workers).map(|_| Histogram::new(shape)).collect())
        };
        let with_stamps = config.track_latency || config.latencies.is_some();
        Ok(Some(Arc::new(Self {
            stamps: with_stamps.then(Stamps::default),
            poll_times: histograms(&config.poll_times),
            latencies: histograms(&config.latencies),
            config: config.clone(),
        })))
    }

    /// A task is about to be spawned.
    pub(crate) fn spawned(&self, id: Id, location: &'static Location<'static>) {
        if let Some(hook) = &self.config.on_spawn {
            let name = name_of(id);
            hook(&TaskMeta::new(id, name.as_deref(), location));
        }
    }

    /// A task is about to be queued.
    pub(crate) fn queued(&self, task: &Notified) {
        if let Some(stamps) = &self.stamps {
            stamps.queued(task);
        }
    }

    /// Runs a task on worker `worker`.
    pub(crate) fn run(&self, worker: usize, task: Notified) {
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
        task.run();
        if let (Some(poll_times), Some(begun)) = (&self.poll_times, begun) {
            poll_times[worker].record(begun.elapsed());
        }
        call(self.config.after_poll.as_ref(), &meta);
    }

    /// A task has ended.
    pub(crate) fn finished(&self, id: Id, location: &'static Location<'static>) {
        if let Some(hook) = &self.config.on_terminate {
            let name = name_of(id);
            call(Some(hook), &TaskMeta::new(id, name.as_deref(), location));
        }
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
