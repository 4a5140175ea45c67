//! A worker's part of a task dump: it polls its own tasks with tracing switched on.
//!
//! Invariants  I1 the slots of an owner of tasks are walked on the thread that has it, or under its lock; otherwise only as
//!                `VisibleTasks` allows.

#[cfg(feature = "taskdump")]
use std::sync::Arc;
use std::sync::PoisonError;

#[cfg(feature = "taskdump")]
use selkie_core::raw::task::ListedTask;
use selkie_core::raw::task::{Notified, OwnedTasks};
use selkie_core::task::Id;

use super::notify::SharedQueues;
use super::shared::MultiThread;
use super::work_loop::WorkLoop;
use super::worker::Worker;
use crate::observability::Request;

/// The tasks that are alive: those that we have as notified tasks, and the ids of the others.
#[derive(Default)]
struct LiveTasks {
    tasks: Vec<Notified>,
    others: Vec<Id>,
}

impl LiveTasks {
    fn add(&mut self, tasks: &OwnedTasks<MultiThread>) {
        tasks.wake_all(|id, task| match task {
            Some(task) => self.tasks.push(task),
            None => self.others.push(id),
        });
    }
}

#[cfg(feature = "taskdump")]
impl MultiThread {
    /// Asks every worker for a dump.
    pub(crate) fn ask_for_dump(&self) -> Arc<Request> {
        let request = self.dumps.ask(self.workers());
        self.unpark_all();
        request
    }

    /// Has all workers look for requests.
    pub(crate) fn call_for_dump(&self) {
        self.unpark_all();
    }

    /// Calls `list` with each task that has not ended, as [`VisibleTasks::list`] does.
    pub(crate) fn list_tasks(&self, mut list: impl FnMut(ListedTask)) {
        for tasks in self.visible.get().into_iter().flatten() {
            tasks.list(self, &mut list);
        }
    }

    /// Nobody waits for `request` any more.
    pub(crate) fn forget_dump(&self, request: &Arc<Request>) {
        self.dumps.forget(request);
    }
}

impl Worker<'_> {
    /// Answers the dumps that are asked for.
    pub(super) fn answer_dumps(&self) {
        for request in self.shared.dumps.of_worker(self.index) {
            self.answer(&request);
            if !self.has_core.get() {
                // A traced task has handed the worker off: the other thread goes on.
                return;
            }
        }
    }

    fn answer(&self, request: &Request) {
        let mut found = LiveTasks::default();
        if let Some(core) = self.core.borrow().as_ref() {
            found.add(&core.tasks);
        }
        {
            let outside = self.shared.outside.lock();
            let outside = outside.unwrap_or_else(PoisonError::into_inner);
            if let Some(outside) = outside.as_ref() {
                found.add(outside);
            }
        }
        // Those that were queued already; as many as there are now, since they may queue others.
        let queued = self.remote.ring.len() + self.shared.inject_len() + 1;
        for _ in 0..queued {
            match self.pop_any() {
                Some(task) => found.tasks.push(task),
                None => break,
            }
        }
        for index in request.take_stuck() {
            self.take_tasks_of(index, |task| found.tasks.push(task));
        }
        let mut missed = found.others;
        for task in found.tasks {
            if !self.has_core.get() {
                missed.push(task.id());
                self.shared.push_outside(task);
                continue;
            }
            request.run(task, |task| self.run_task(task));
            let probes = self.shared.probes();
            if let Some(probes) = probes.filter(|_| self.has_core.get()) {
                probes.interrupt(self.index);
            }
        }
        if request.answer(self.index, missed) {
            self.shared.unpark_all();
        }
    }

    /// Takes the tasks that worker `index`, which is in a long poll, would have to run, but for those that are being polled;
    /// wakes those that wait.
    fn take_tasks_of(&self, index: usize, mut keep: impl FnMut(Notified)) {
        let remote = &self.shared.remotes[index];
        remote.take_lifo().into_iter().for_each(&mut keep);
        // No more than there are now: the worker may go on, and push others.
        let mut left = remote.ring.len();
        while left > 0 {
            match remote.ring.take_half(&mut keep) {
                0 => break,
                taken => left = left.saturating_sub(taken),
            }
        }
        if let Some(visible) = self.shared.visible.get() {
            visible[index].wake_waiting(self.shared, keep);
        }
    }

    fn pop_any(&self) -> Option<Notified> {
        self.remote
            .take_lifo()
            .or_else(|| self.pop_ring())
            .or_else(|| self.shared.pop_outside(self.index))
    }
}
