//! What a watchdog tells of a poll that does not end.

use std::fmt;
use std::panic::{Location, RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use selkie_core::task::Id;

use super::dumps::DumpClosure;
use super::names::PrintedName;
use crate::sys::{NoStack, RawStack};

/// A poll that has not returned within the watchdog's threshold: it blocks its thread, or computes without yielding.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::{Builder, StalledPoll};
///
/// fn line(stalled: &StalledPoll) -> String {
///     format!("worker {:?} for {:?}", stalled.worker(), stalled.duration())
/// }
///
/// let (report, reports) = std::sync::mpsc::channel();
/// let runtime = Builder::new_multi_thread()
///     .worker_threads(1)
///     .watchdog_with(Duration::from_millis(20), move |stalled| {
///         report.send(line(stalled)).ok();
///     })
///     .build()?;
/// // Blocks its worker, as a task should not, until the watchdog has noticed.
/// let blocked = runtime.spawn(async move { reports.recv() });
/// let line = runtime.block_on(blocked).unwrap().unwrap();
/// assert!(line.starts_with("worker Some(0) for "));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct StalledPoll {
    pub(super) worker: Option<usize>,
    pub(super) task: Option<Id>,
    pub(super) name: Option<Arc<str>>,
    pub(super) spawned_at: &'static Location<'static>,
    pub(super) lasts: Duration,
    pub(super) stack: Result<Arc<RawStack>, NoStack>,
    pub(super) dumper: Option<DumpClosure>,
}

// A dump, if one is made, is of a runtime, which no panic shows half changed.
impl UnwindSafe for StalledPoll {}
impl RefUnwindSafe for StalledPoll {}

impl StalledPoll {
    /// The number of the worker that is in the poll; `None` if it is the thread of a `block_on`, in a poll of that one's
    /// future.
    #[inline]
    pub fn worker(&self) -> Option<usize> {
        self.worker
    }

    /// The id of the task that is polled. If that polls other tasks itself, as one with a [`LocalSet`](crate::task::LocalSet)
    /// does, it is the innermost one. `None`: the future of a `block_on`.
    #[inline]
    pub fn task_id(&self) -> Option<Id> {
        self.task
    }

    /// The task's name, if its [`task::Builder`](crate::task::Builder) gave one.
    #[inline]
    pub fn task_name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where the task was spawned, or where `block_on` was called.
    #[inline]
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// How long the poll has lasted so far: since the watchdog saw it first, which may be a quarter of the threshold after
    /// it began.
    #[inline]
    pub fn duration(&self) -> Duration {
        self.lasts
    }
}

impl fmt::Debug for StalledPoll {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StalledPoll")
            .field("worker", &self.worker)
            .field("task", &self.task)
            .field("name", &self.name)
            .field("spawned_at", &self.spawned_at)
            .field("lasts", &self.lasts)
            .finish_non_exhaustive()
    }
}

/// One line, without the stack.
impl fmt::Display for StalledPoll {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.worker {
            Some(worker) => write!(f, "worker {worker} polls ")?,
            None => f.write_str("block_on polls ")?,
        }
        match self.task {
            Some(task) => write!(f, "task {task}")?,
            None => f.write_str("its future")?,
        }
        if let Some(name) = &self.name {
            write!(f, " ({})", PrintedName(name))?;
        }
        let what = if self.task.is_some() {
            "spawned"
        } else {
            "called"
        };
        write!(
            f,
            ", {what} at {}, for {:?} so far",
            self.spawned_at, self.lasts
        )
    }
}
