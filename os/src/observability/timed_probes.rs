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
    #[inline]
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
        let Some(recorder) = self.recorder else {
            return self.queue_tracked(self.clock.now(), task);
        };
        let context = thread_role::wake_context(self.number);
        let now = if self.tasks.is_some() {
            // The poll before may have ended on another worker since the batch began.
            self.clock.now()
        } else {
            thread_role::wake_moment(&context, self.clock)
        };
        self.queue_tracked(now, task);
        recorder.queue(now, &context, task.id());
    }

    /// A task is about to be queued, now.
    #[inline]
    fn queue_tracked(&self, now: u64, task: &Notified) {
        if let Some(tasks) = self.tasks {
            tasks.queue(now, task.id(), task.location());
        }
    }

    /// When the poll that worker `worker` is about to begin has begun: at the end of the last one, if there was nothing between.
    ///
    /// Not for the statistics: another thread may have queued the task since, which they would take for a wake in the poll.
    #[inline(always)]
    fn begin(&self, worker: usize) -> u64 {
        match self.polls.of(worker).just_ended() {
            Some(ended) if self.tasks.is_none() => ended,
            _ => self.clock.now(),
        }
    }

    /// Since when the thread polls the task `id` for a worker, if it does.
    #[inline]
    fn poll_of(&self, id: Id) -> Option<u64> {
        self.polls.of(thread_role::worker(self.number)?).since(id)
    }

    /// Runs a task on worker `worker`.
    #[inline]
    pub(super) fn run(self, worker: usize, task: Notified) {
        let (id, location, begun) = (task.id(), task.location(), self.begin(worker));
        let entered = thread_role::enter(self.number, worker);
        if entered {
            self.polls.of(worker).begin(begun, id, location);
        }
        task.run();
        let now = self.clock.now();
        // If the thread has handed its worker off, all that is the worker's was done then.
        let has_worker = entered && thread_role::leave(self.number);
        if has_worker {
            if let Some(recorder) = self.recorder {
                recorder.ring(worker).push_poll(begun, now, id, location);
            }
            self.polls.of(worker).end(now);
        }
        if let Some(tasks) = self.tasks {
            tasks.end(begun, now, id);
        }
    }

    /// The thread is about to hand worker `worker` off, as a rule in a poll, which goes on without.
    #[inline]
    pub(super) fn hand_off(&self, worker: usize, polls: Option<Id>) {
        let now = self.clock.now();
        let begun = polls.and_then(|id| self.poll_of(id));
        let had_worker = thread_role::leave(self.number);
        if let (true, Some(id), Some(begun)) = (had_worker, polls, begun) {
            if let Some(recorder) = self.recorder {
                recorder.hand_off(begun, now, worker, id);
            }
            self.polls.of(worker).hand_off();
            if let Some(tasks) = self.tasks {
                tasks.hand_off(begun, id);
            }
        }
    }

    /// A task has ended.
    #[inline]
    pub(super) fn finish(&self, id: Id, location: &'static Location<'static>) {
        let now = self.clock.now();
        if let Some(tasks) = self.tasks {
            let polled_since = self.poll_of(id);
            tasks.finish(now, polled_since, id);
        }
        if let Some(recorder) = self.recorder {
            recorder.finish(now, id, location);
        }
    }
}
