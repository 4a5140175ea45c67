//! The task dumps that are requested of a runtime at the moment; none, in a build without dumps.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(not(feature = "taskdump"))]
use selkie_core::raw::task::Notified;
#[cfg(not(feature = "taskdump"))]
use selkie_core::task::Id;

#[cfg(feature = "taskdump")]
pub(crate) use super::dump::Request;

/// Makes a dump of a runtime; `None` if that has gone.
#[cfg(feature = "taskdump")]
pub(crate) type DumpClosure = Arc<dyn Fn() -> Option<super::dump::Dump> + Send + Sync>;

/// Nothing makes dumps.
#[cfg(not(feature = "taskdump"))]
#[derive(Clone)]
pub(crate) enum DumpClosure {}

/// A request that nobody can make.
#[cfg(not(feature = "taskdump"))]
#[derive(Debug)]
pub(crate) enum Request {}

#[cfg(not(feature = "taskdump"))]
impl Request {
    fn is_waiting_for(&self, _worker: usize) -> bool {
        match *self {}
    }

    pub(crate) fn run(&self, _task: Notified, _run: impl FnOnce(Notified)) {
        match *self {}
    }

    pub(crate) fn take_stuck(&self) -> Vec<usize> {
        match *self {}
    }

    pub(crate) fn answer(&self, _worker: usize, _missed: Vec<Id>) -> bool {
        match *self {}
    }
}

/// The requests that wait for answers.
#[derive(Debug, Default)]
pub(crate) struct Dumps {
    active: AtomicBool,
    requests: Mutex<Vec<Arc<Request>>>,
}

impl Dumps {
    /// Whether any dump is requested.
    #[inline]
    pub(crate) fn is_active(&self) -> bool {
        // Relaxed: the lock in `of_worker` orders the rest.
        cfg!(feature = "taskdump") && self.active.load(Ordering::Relaxed)
    }

    /// The requests that worker `worker` has not answered.
    pub(crate) fn of_worker(&self, worker: usize) -> Vec<Arc<Request>> {
        let is_waiting = |request: &&Arc<Request>| request.is_waiting_for(worker);
        let requests = self.requests();
        requests.iter().filter(is_waiting).cloned().collect()
    }

    fn requests(&self) -> MutexGuard<'_, Vec<Arc<Request>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(feature = "taskdump")]
impl Dumps {
    /// Requests a dump of `workers` workers; the caller wakes them.
    pub(crate) fn ask(&self, workers: usize) -> Arc<Request> {
        let request = Arc::new(Request::new(workers));
        let mut requests = self.requests();
        requests.push(Arc::clone(&request));
        // Relaxed: as above.
        self.active.store(true, Ordering::Relaxed);
        request
    }

    /// Nobody waits for `request` any more.
    pub(crate) fn forget(&self, request: &Arc<Request>) {
        let mut requests = self.requests();
        requests.retain(|other| !Arc::ptr_eq(other, request));
        // Relaxed: as above.
        self.active.store(!requests.is_empty(), Ordering::Relaxed);
    }
}
