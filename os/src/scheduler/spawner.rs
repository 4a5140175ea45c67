//! A handle to either kind of scheduler.
#![allow(unsafe_code)]

use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use selkie_core::task::{Id, JoinHandle};

use super::current_thread::CurrentThread;
#[cfg(feature = "rt-multi-thread")]
use super::multi_thread::MultiThread;
#[cfg(feature = "taskdump")]
use crate::observability::Request;
use crate::observability::{Probes, ProbesSlot};

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
    pub(crate) fn probes(&self) -> Option<&Probes> {
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
