//! What is kept of tasks in ticks: the statistics and the recording. Both see the same moments, for one look at the clock.

use std::panic::Location;

use selkie_core::raw::task::Notified;
use selkie_core::task::Id;

use super::recorder::Recorder;
use super::running_polls::RunningPolls;
use super::statistics::TaskTable;
use super::thread_role::{self, ProbesNumber};
use crate::sys::TickClock;

/// The statistics, the recorder, or both.
#[derive(Clone, Copy)]
pub(super) struct TimedProbes<'a> {
    pub(super) number: ProbesNumber,
    pub(super) clock: &'static TickClock,
    pub(super) polls: &'a RunningPolls,
    pub(super) tasks: Option<&'a TaskTable>,
    /// The recorder, if it is on.
    pub(super) recorder: Option<&'a Recorder>,
}

impl TimedProbes<'_> {
    /// A task is about to be spawned.
    pub(super) fn spawn(&self, id: Id, location: &'static Location<'static>) {
        let now = self.clock.now();
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
        let now = self.clock.now();
        if let Some(tasks) = self.tasks {
            tasks.queue(now, task.id(), task.location());
        }
        if let Some(recorder) = self.recorder {
            recorder.queue(now, task.id());
        }
    }

    /// When the poll that worker `worker` is about to begin has begun: at the end of the last one, if there was nothing between.
    ///
    /// Not for the statistics: another thread may have queued the task since, which they would take for a wake in the poll.
    #[inline(always)]
    fn begin(&self, worker: usize) -> u64 {
        match self.polls.just_ended(worker) {
            Some(ended) if self.tasks.is_none() => ended,
            _ => self.clock.now(),
        }
    }

    /// Runs a task on worker `worker`.
    #[inline(always)]
    pub(super) fn run(self, worker: usize, task: Notified) {
        let (id, location, begun) = (task.id(), task.location(), self.begin(worker));
        let entered = thread_role::enter(self.number, worker, id.as_u64(), begun);
        if entered {
            self.polls.begin(begun, worker, id, location);
        }
        task.run();
        let now = self.clock.now();
        // If the thread has handed its worker off, all that is the worker's was done then.
        let has_worker = entered && thread_role::leave(self.number);
        if has_worker {
            if let Some(recorder) = self.recorder {
                recorder.poll(begun, now, worker, id, location);
            }
            self.polls.end(now, worker);
        }
        if let Some(tasks) = self.tasks {
            tasks.end(begun, now, id);
        }
    }

    /// The thread is about to hand worker `worker` off, as a rule in a poll, which goes on without.
    pub(super) fn hand_off(&self, worker: usize, polls: Option<Id>) {
        let now = self.clock.now();
        let begun = polls.and_then(|id| thread_role::poll_of(self.number, id));
        let had_worker = thread_role::leave(self.number);
        if let (true, Some(id), Some(begun)) = (had_worker, polls, begun) {
            if let Some(recorder) = self.recorder {
                recorder.hand_off(begun, now, worker, id);
            }
            self.polls.hand_off(worker);
            if let Some(tasks) = self.tasks {
                tasks.hand_off(begun, id);
            }
        }
    }

    /// A task has ended.
    pub(super) fn finish(&self, id: Id, location: &'static Location<'static>) {
        let now = self.clock.now();
        if let Some(tasks) = self.tasks {
            let polled_since = thread_role::poll_of(self.number, id);
            tasks.finish(now, polled_since, id);
        }
        if let Some(recorder) = self.recorder {
            recorder.finish(now, id, location);
        }
    }
}
