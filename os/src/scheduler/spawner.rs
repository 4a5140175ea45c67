//! A handle to either kind of scheduler.
#![allow(unsafe_code)]

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;
#[cfg(feature = "taskdump")]
use std::time::Duration;

#[cfg(feature = "taskdump")]
use selkie_core::raw::task::ListedTask;
use selkie_core::task::{Id, JoinHandle};

use super::current_thread::CurrentThread;
#[cfg(feature = "rt-multi-thread")]
use super::multi_thread::MultiThread;
#[cfg(feature = "taskdump")]
use crate::observability::Request;
use crate::observability::{Observer, ProbesSlot, WorkerCounters, WorkerState};

/// A handle to either kind of scheduler.
#[derive(Debug, Clone)]
pub(crate) enum Spawner {
    CurrentThread(Arc<CurrentThread>),
    #[cfg(feature = "rt-multi-thread")]
    MultiThread(Arc<MultiThread>),
}

impl Spawner {
    /// The probes of tasks, if there are any.
    #[inline]
    pub(crate) fn probes(&self) -> Option<&dyn Observer> {
        match self {
            Self::CurrentThread(scheduler) => scheduler.probes(),
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.probes(),
        }
    }

    /// Where the probes of tasks are attached.
    pub(crate) fn probes_slot(&self) -> &ProbesSlot {
        match self {
            Self::CurrentThread(scheduler) => &scheduler.probes,
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => &scheduler.probes,
        }
    }

    /// The number of the worker of this scheduler that the calling thread is.
    #[allow(
        dead_code,
        reason = "asked for a worker's own ring, which some systems have not"
    )]
    pub(crate) fn worker_here(&self) -> Option<usize> {
        match self {
            Self::CurrentThread(scheduler) => scheduler.is_driven_here().then_some(0),
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.worker_here(),
        }
    }

    /// Asks for a dump of the tasks.
    #[cfg(feature = "taskdump")]
    pub(crate) fn ask_for_dump(&self) -> Arc<Request> {
        match self {
            Self::CurrentThread(scheduler) => scheduler.ask_for_dump(),
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.ask_for_dump(),
        }
    }

    /// Has the workers look for requests.
    #[cfg(feature = "taskdump")]
    pub(crate) fn call_for_dump(&self) {
        match self {
            // It has one worker, which answers one request once.
            Self::CurrentThread(_) => {}
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.call_for_dump(),
        }
    }

    /// Calls `list` with each task that has not ended.
    #[cfg(feature = "taskdump")]
    pub(crate) fn list_tasks(&self, list: &mut dyn FnMut(ListedTask)) {
        match self {
            Self::CurrentThread(scheduler) => scheduler.list_tasks(list),
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.list_tasks(list),
        }
    }

    /// The bytes of memory that tasks have.
    pub(crate) fn task_memory_bytes(&self) -> usize {
        match self {
            Self::CurrentThread(scheduler) => scheduler.task_memory_bytes(),
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.task_memory_bytes(),
        }
    }

    /// How many workers there are.
    pub(crate) fn workers(&self) -> usize {
        match self {
            Self::CurrentThread(_) => 1,
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.workers(),
        }
    }

    /// How long ago worker `worker` has last read the clock between two polls, if it says so.
    #[cfg(feature = "taskdump")]
    pub(crate) fn last_look(&self, worker: usize) -> Option<Duration> {
        match self {
            // It reads the clock rarely, and to note when would cost some 40 instructions each time.
            Self::CurrentThread(_) => {
                debug_assert_eq!(worker, 0, "there is one worker");
                None
            }
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => Some(scheduler.last_look(worker)),
        }
    }

    /// What is to be seen of worker `worker`, for a watchdog.
    pub(crate) fn look_at(&self, worker: usize) -> WorkerState {
        let counters = self.counters(worker);
        // First: if another poll begins meanwhile, the count is another one at the next look.
        let count = counters.polls.get();
        let is_driven = match self {
            Self::CurrentThread(scheduler) => scheduler.is_driven(),
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(_) => true,
        };
        let thread = counters.thread.observed().filter(|_| is_driven);
        WorkerState { count, thread }
    }

    /// The figures of worker `worker`.
    pub(crate) fn counters(&self, worker: usize) -> &WorkerCounters {
        match self {
            Self::CurrentThread(scheduler) => {
                debug_assert_eq!(worker, 0, "there is one worker");
                &scheduler.counters
            }
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.counters(worker),
        }
    }

    /// Called when nobody waits for `request` any more.
    #[cfg(feature = "taskdump")]
    pub(crate) fn forget_dump(&self, request: &Arc<Request>) {
        match self {
            Self::CurrentThread(scheduler) => scheduler.forget_dump(request),
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.forget_dump(request),
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
        if let Some(probes) = self.probes() {
            probes.spawned(id, location);
        }
        match self {
            // SAFETY: future and output are `Send` and `'static`.
            Self::CurrentThread(scheduler) => unsafe { scheduler.spawn(future, id, location) },
            #[cfg(feature = "rt-multi-thread")]
            Self::MultiThread(scheduler) => scheduler.spawn(future, id, location),
        }
    }
}
