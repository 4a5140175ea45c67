//! What is kept of tasks in ticks: the statistics and the recording. Both see the same moments, for one look at the clock.

use std::panic::Location;

use selkie_core::raw::task::Notified;
use selkie_core::task::Id;

use super::recorder::Recorder;
use super::statistics::TaskTable;
use crate::sys::TickClock;

/// The statistics, the recorder, or both.
#[derive(Clone, Copy)]
pub(super) struct TimedProbes<'a> {
    pub(super) tasks: Option<&'a TaskTable>,
    /// The recorder, if it is on.
    pub(super) recorder: Option<&'a Recorder>,
}

impl TimedProbes<'_> {
    /// A task is about to be spawned.
    pub(super) fn spawn(&self, id: Id, location: &'static Location<'static>) {
        let now = TickClock::get().now();
        if let Some(tasks) = self.tasks {
            tasks.spawn(now, id, location);
        }
        if let Some(recorder) = self.recorder {
            recorder.spawn(now, id, location);
        }
    }

    /// A task is about to be queued.
    #[inline]
    pub(super) fn queue(&self, task: &Notified) {
        let now = TickClock::get().now();
        if let Some(tasks) = self.tasks {
            tasks.queue(now, task);
        }
        if let Some(recorder) = self.recorder {
            recorder.queue(now, task.id());
        }
    }

    /// Runs a task on worker `worker`.
    #[inline]
    pub(super) fn run(&self, worker: usize, task: Notified) {
        let (clock, id, location) = (TickClock::get(), task.id(), task.location());
        let begun = clock.now();
        if let Some(tasks) = self.tasks {
            tasks.begin(begun, worker, &task);
        }
        if let Some(recorder) = self.recorder {
            recorder.begin_poll(worker, begun, id, location);
        }
        task.run();
        let now = clock.now();
        if let Some(recorder) = self.recorder {
            recorder.end_poll(worker, now, id);
        }
        if let Some(tasks) = self.tasks {
            tasks.end(begun, now, id);
        }
    }

    /// A task has ended.
    pub(super) fn finish(&self, id: Id, location: &'static Location<'static>) {
        let now = TickClock::get().now();
        if let Some(tasks) = self.tasks {
            tasks.finish(now, id);
        }
        if let Some(recorder) = self.recorder {
            recorder.finish(now, id, location);
        }
    }
}
