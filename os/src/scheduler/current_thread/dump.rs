//! The part of the current-thread scheduler in a task dump: it polls its tasks with tracing switched on.

#[cfg(feature = "taskdump")]
use std::sync::Arc;

#[cfg(feature = "taskdump")]
use selkie_core::raw::task::ListedTask;

use super::run::CoreGuard;
#[cfg(feature = "taskdump")]
use super::shared::CurrentThread;
use super::shared::lock;
use crate::observability::Request;

#[cfg(feature = "taskdump")]
impl CurrentThread {
    /// Asks whoever drives the scheduler for a dump.
    pub(crate) fn ask_for_dump(&self) -> Arc<Request> {
        let request = self.dumps.ask(1);
        self.unpark.unpark();
        request
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

impl CoreGuard<'_> {
    /// Answers the dumps that are asked for.
    pub(super) fn answer_dumps(&self) {
        for request in self.scheduler.dumps.of_worker(0) {
            while self.answer(&request) {}
        }
    }

    fn answer(&self, request: &Request) -> bool {
        let (mut tasks, mut missed) = (Vec::new(), Vec::new());
        let mut found = |id, task| match task {
            Some(task) => tasks.push(task),
            None => missed.push(id),
        };
        if let Some(tasks) = self
            .running
            .core
            .borrow()
            .as_ref()
            .and_then(|core| core.tasks.as_ref())
        {
            tasks.wake_all(&mut found);
        }
        if let Some(remote) = lock(&self.scheduler.remote).as_ref() {
            remote.wake_all(&mut found);
        }
        // Those that were queued already.
        if let Some(core) = self.running.core.borrow_mut().as_mut() {
            tasks.extend(core.queue.drain(..));
        }
        for _ in 0..self.scheduler.inject.len() {
            tasks.extend(self.scheduler.pop_remote());
        }
        for task in tasks {
            request.run(task, |task| self.run_task(task));
            if let Some(probes) = self.scheduler.probes() {
                probes.interrupt(0);
            }
        }
        request.answer(0, missed)
    }
}
