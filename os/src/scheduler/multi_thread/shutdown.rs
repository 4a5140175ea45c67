//! How a scheduler shuts down: what each worker does, and what the last one does.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use selkie_core::raw::task::{ClosingTasks, Notified, OwnedTasks};

use super::shared::{Core, MultiThread};

impl MultiThread {
    /// The worker of `core` ends: drops its tasks, and those of nobody; the last one closes driver and
    /// timers, waits for what is left and says that all has ended.
    pub(super) fn end_worker(self: &Arc<Self>, core: Core) {
        let index = core.index;
        let mut closing = vec![core.tasks.close()];
        if let Some(outside) = self.take_outside() {
            closing.push(outside.close());
        }
        closing.iter().for_each(ClosingTasks::cancel_all);
        self.drain(index);
        closing.into_iter().for_each(|tasks| self.end.keep(tasks));
        let Some(left) = self.end.worker_ended(index, core.timers) else {
            return;
        };
        // No worker polls any more. A thread that gave its worker away may still wait for a source or a
        // timer: the shutdown wakes it.
        self.drivers.shutdown();
        drop(left.timers);
        self.end.end(left.owners, || self.drain(index));
    }

    /// The owner of the tasks that were spawned outside the workers; nothing is spawned there any more.
    fn take_outside(&self) -> Option<OwnedTasks<Self>> {
        self.outside
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Drops the tasks that were spawned outside the workers, for a caller whose patience with a worker
    /// that is stuck has ended.
    pub(crate) fn drop_tasks_from_outside(&self) {
        if let Some(owner) = self.take_outside() {
            let tasks = owner.close();
            tasks.cancel_all();
            while let Some(task) = self.pop_outside(0) {
                task.cancel();
            }
            self.end.keep(tasks);
        }
    }

    /// Cancels every notified task that waits in a queue: in the ring of worker `index`, whose thread the
    /// caller is, and in those that anybody may take from.
    fn drain(&self, index: usize) {
        if let Some(ring) = self.remotes[index].ring.claim() {
            while let Some(task) = ring.pop() {
                task.cancel();
            }
        }
        for remote in &self.remotes {
            while let Some(task) = remote.take_lifo() {
                task.cancel();
            }
            while remote.ring.take_half(Notified::cancel) > 0 {}
        }
        while let Some(task) = self.pop_outside(index) {
            task.cancel();
        }
    }

    /// Waits until every worker has ended and every task is dropped, at most until `deadline`.
    pub(crate) fn wait_ended(&self, deadline: Option<Instant>) -> bool {
        self.end.wait(deadline)
    }

    /// The workers that have been told to end and have not.
    pub(crate) fn unended(&self) -> Vec<usize> {
        self.end.unended()
    }
}
