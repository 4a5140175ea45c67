//! Which worker is notified of a task that was queued, and what all workers share for that.
//!
//! Idea        The queues, the sleepers and the parkers of a scheduler, as a trait with the functions that work on them: the
//!             scheduler has them, and so has a loom model, which thereby runs the functions that ship.
//! Invariants  I1 whoever queues a task does so before it asks `idle` whom to wake, and wakes whom that names.
//!             I2 a stop is stored before it wakes the workers.
//! Rejected    A copy of these functions for the models: it went on proving what the scheduler no longer did.

use selkie_core::raw::collections::{Padded, QueueHandle};
use selkie_core::raw::platform::{AtomicBool, Ordering};
use selkie_core::raw::queue::{Inject, Ring};

use super::drivers::{Drivers, SharedDriver};
use super::idle::{Idle, ToNotify};
use super::parker::Parker;

/// What the workers of a scheduler share: queues, and how each worker sleeps.
pub(super) trait SharedQueues {
    /// A task to be polled.
    type Task: QueueHandle;

    /// How many workers there are.
    fn workers(&self) -> usize;

    /// The shards of the queue that everybody may push to.
    fn inject(&self) -> &[Padded<Inject<Self::Task>>];

    /// The ring of worker `index`.
    fn ring(&self, index: usize) -> &Ring<Self::Task>;

    fn idle(&self) -> &Idle;

    fn parker(&self, index: usize) -> &Parker;

    fn drivers(&self) -> &Drivers;

    /// Set when the workers have to end.
    fn stopping(&self) -> &AtomicBool;

    /// Worker `index`, which is about to be woken, looks at the ring of worker `from` first.
    fn invite(&self, index: usize, from: usize);

    /// Has busy workers look at the inject queue after their polls; the first whose poll ends takes the task.
    fn call_workers(&self);

    /// The driver that worker `index` sleeps in.
    fn driver(&self, index: usize) -> &SharedDriver {
        self.drivers().of(index)
    }

    /// Pushes `task` to a shard of the inject queue, and notifies a worker of it (I1).
    ///
    /// # Errors
    /// The task, if the shard is closed.
    fn push_to_shard(
        &self,
        shard: &Inject<Self::Task>,
        task: Self::Task,
    ) -> Result<(), Self::Task> {
        shard.push(task)?;
        match self.idle().worker_to_notify() {
            ToNotify::Sleeper(index) => self.unpark(index),
            ToNotify::SomebodySearches => {}
            ToNotify::AllAreBusy => self.call_workers(),
        }
        Ok(())
    }

    /// Wakes a worker if there is work at worker `from` and nobody looks for it.
    fn notify(&self, from: usize) {
        if let ToNotify::Sleeper(index) = self.idle().worker_to_notify() {
            self.invite(index, from);
            self.unpark(index);
        }
    }

    /// How many tasks wait in the inject queue.
    fn inject_len(&self) -> usize {
        self.inject().iter().map(|shard| shard.len()).sum()
    }

    /// Whether any queue has work that a worker could take; to be asked behind a fence of `idle`'s.
    fn has_work_for_others(&self) -> bool {
        self.inject().iter().any(|shard| !shard.is_empty())
            || (0..self.workers()).any(|index| !self.ring(index).is_empty())
    }

    /// Ends the sleep of worker `index`, or its next one.
    fn unpark(&self, index: usize) {
        self.parker(index).unpark(self.driver(index));
    }

    /// Ends the sleep of every worker.
    fn unpark_all(&self) {
        (0..self.workers()).for_each(|index| self.unpark(index));
    }

    /// Ends the sleep of one sleeper, if there is one, so that it becomes the monitor.
    fn wake_a_monitor(&self) {
        if let Some(index) = self.idle().any_sleeper() {
            self.unpark(index);
        }
    }

    /// Whether the workers have to end.
    #[inline]
    fn is_stopping(&self) -> bool {
        // Acquire: pairs with the Release in `stop_workers`.
        self.stopping().load(Ordering::Acquire)
    }

    /// Tells the workers to end: nothing is queued from outside any more.
    fn stop_workers(&self) {
        // Release: pairs with the Acquire in `is_stopping`.
        if self.stopping().swap(true, Ordering::AcqRel) {
            return;
        }
        for shard in self.inject() {
            shard.close();
        }
        self.unpark_all(); // I2
    }
}
