//! A handle to a scheduler of either kind.
//!
//! Idea        A task is spawned through the trait object, and whatever else is asked is asked of the kind. So a program that builds
//!             runtimes of one kind has the code of that one, and of the other what it asks of both.
#![allow(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
#[cfg(feature = "taskdump")]
use std::time::Duration;

#[cfg(feature = "taskdump")]
use selkie_core::raw::task::ListedTask;
use selkie_core::raw::task::UnspawnedTask;
use selkie_core::task::{Id, JoinHandle};

use super::current_thread::CurrentThread;
#[cfg(feature = "rt-multi-thread")]
use super::multi_thread::MultiThread;
#[cfg(feature = "taskdump")]
use crate::observability::Request;
use crate::observability::{Observer, ProbesSlot, WorkerCounters, WorkerState};

/// A scheduler of either kind.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SchedulerKind<'a> {
    CurrentThread(&'a Arc<CurrentThread>),
    #[cfg(feature = "rt-multi-thread")]
    MultiThread(&'a Arc<MultiThread>),
}

/// What schedulers of all kinds can do; of an `Arc`, since tasks keep their scheduler.
pub(crate) trait Scheduler: fmt::Debug + Send + Sync {
    /// Which kind it is.
    fn kind(&self) -> SchedulerKind<'_>;

    /// Puts `task`, whose future and output are `Send` and `'static`, into a slot, and queues it; if the scheduler has shut
    /// down, cancelled.
    fn spawn(&self, task: UnspawnedTask<'_>);

    /// Another handle.
    fn share(&self) -> Spawner;
}

/// A handle to a scheduler of either kind.
#[derive(Debug)]
pub(crate) struct Spawner(Box<dyn Scheduler>);

impl Clone for Spawner {
    fn clone(&self) -> Self {
        self.0.share()
    }
}

impl Spawner {
    pub(crate) fn new(scheduler: impl Scheduler + 'static) -> Self {
        Self(Box::new(scheduler))
    }

    /// Which kind it is.
    #[inline]
    pub(crate) fn kind(&self) -> SchedulerKind<'_> {
        self.0.kind()
    }

    /// The probes of tasks, if there are any.
    #[inline]
    pub(crate) fn probes(&self) -> Option<&dyn Observer> {
        self.probes_slot().get()
    }

    /// Where the probes of tasks are attached.
    pub(crate) fn probes_slot(&self) -> &ProbesSlot {
        match self.kind() {
            SchedulerKind::CurrentThread(scheduler) => &scheduler.probes,
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => &scheduler.probes,
        }
    }

    /// The number of the worker of this scheduler that the calling thread is.
    #[allow(
        dead_code,
        reason = "asked for a worker's own ring, which some systems have not"
    )]
    pub(crate) fn worker_here(&self) -> Option<usize> {
        match self.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.is_driven_here().then_some(0),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.worker_here(),
        }
    }

    /// Asks for a dump of the tasks.
    #[cfg(feature = "taskdump")]
    pub(crate) fn ask_for_dump(&self) -> Arc<Request> {
        match self.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.ask_for_dump(),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.ask_for_dump(),
        }
    }

    /// Has the workers look for requests.
    #[cfg(feature = "taskdump")]
    pub(crate) fn call_for_dump(&self) {
        match self.kind() {
            // It has one worker, which answers one request once.
            SchedulerKind::CurrentThread(_) => {}
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.call_for_dump(),
        }
    }

    /// Calls `list` with each task that has not ended.
    #[cfg(feature = "taskdump")]
    pub(crate) fn list_tasks(&self, list: &mut dyn FnMut(ListedTask)) {
        match self.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.list_tasks(list),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.list_tasks(list),
        }
    }

    /// The bytes of memory that tasks have.
    pub(crate) fn task_memory_bytes(&self) -> usize {
        match self.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.task_memory_bytes(),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.task_memory_bytes(),
        }
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> usize {
        match self.kind() {
            SchedulerKind::CurrentThread(_) => 1,
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.workers(),
        }
    }

    /// How long ago worker `worker` has last read the clock between two polls, if it says so.
    #[cfg(feature = "taskdump")]
    pub(crate) fn last_look(&self, worker: usize) -> Option<Duration> {
        match self.kind() {
            // It reads the clock rarely, and to note when would cost some 40 instructions each time.
            SchedulerKind::CurrentThread(_) => {
                debug_assert_eq!(worker, 0, "there is one worker");
                None
            }
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => Some(scheduler.last_look(worker)),
        }
    }

    /// What is to be seen of worker `worker`, for a watchdog.
    pub(crate) fn look_at(&self, worker: usize) -> WorkerState {
        let counters = self.counters(worker);
        // First: if another poll begins meanwhile, the count is another one at the next look.
        let count = counters.polls.get();
        let is_driven = match self.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.is_driven(),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(_) => true,
        };
        let thread = counters.thread.observed().filter(|_| is_driven);
        WorkerState { count, thread }
    }

    /// The figures of worker `worker`.
    pub(crate) fn counters(&self, worker: usize) -> &WorkerCounters {
        match self.kind() {
            SchedulerKind::CurrentThread(scheduler) => {
                debug_assert_eq!(worker, 0, "there is one worker");
                &scheduler.counters
            }
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.counters(worker),
        }
    }

    /// Called when nobody waits for `request` any more.
    #[cfg(feature = "taskdump")]
    pub(crate) fn forget_dump(&self, request: &Arc<Request>) {
        match self.kind() {
            SchedulerKind::CurrentThread(scheduler) => scheduler.forget_dump(request),
            #[cfg(feature = "rt-multi-thread")]
            SchedulerKind::MultiThread(scheduler) => scheduler.forget_dump(request),
        }
    }

    /// Spawns `future`.
    #[inline]
    pub(crate) fn spawn<F>(
        &self,
        future: F,
        id: Id,
        location: &'static Location<'static>,
    ) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let spawn = |task: UnspawnedTask<'_>| self.0.spawn(task);
        // SAFETY: future and output are `Send` and `'static`.
        unsafe { UnspawnedTask::lend(id, location, future, spawn) }
    }
}
