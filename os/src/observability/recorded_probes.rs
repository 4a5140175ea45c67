//! The paths of a wake and a poll when a recording is all that is observed of a runtime: what they cost is what it costs to
//! leave the recorder on.

use selkie_core::raw::task::Notified;

use super::recorder::Recorder;
use super::running_polls::RunningPolls;
use super::thread_role::{self, ProbesNumber};
use crate::sys::TickClock;

/// The recorder, which is on.
#[derive(Clone, Copy)]
pub(super) struct RecordedProbes<'a> {
    pub(super) number: ProbesNumber,
    pub(super) clock: &'static TickClock,
    pub(super) polls: &'a RunningPolls,
    pub(super) recorder: &'a Recorder,
}

impl RecordedProbes<'_> {
    /// A task is about to be queued.
    #[inline(always)]
    pub(super) fn queue(self, task: &Notified) {
        let context = thread_role::wake_context(self.number);
        let now = thread_role::wake_moment(&context, self.clock);
        self.recorder.queue(now, &context, task.id());
    }

    /// Runs a task on worker `worker`. The poll has begun at the end of the last one, if there was nothing between.
    #[inline(always)]
    pub(super) fn run(self, worker: usize, task: Notified) {
        let poll = self.polls.of(worker);
        let begun = poll.just_ended().unwrap_or_else(|| self.clock.now());
        if !thread_role::enter(self.number, worker) {
            return task.run();
        }
        let (id, location) = (task.id(), task.location());
        poll.begin(begun, id, location);
        task.run();
        let now = self.clock.now();
        // If the thread has handed its worker off, all that is the worker's was done then.
        if thread_role::leave(self.number) {
            poll.end(now);
            self.recorder
                .ring(worker)
                .push_poll(begun, now, id, location);
        }
    }
}
