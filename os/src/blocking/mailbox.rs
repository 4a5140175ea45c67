//! Where one idle thread of the pool waits for its next job.
//!
//! States      empty → job | leave
//! Invariants  I1 whoever pops the thread from the stack of idle threads puts exactly one job into its mailbox.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The mailbox of one pool thread.
#[derive(Debug)]
pub(super) struct Mailbox<T> {
    job: Mutex<Option<T>>,
    ready: Condvar,
}

impl<T> Mailbox<T> {
    pub(super) fn new() -> Self {
        Self {
            job: Mutex::new(None),
            ready: Condvar::new(),
        }
    }

    /// Gives `job` to the thread and wakes it (I1).
    pub(super) fn put(&self, job: T) {
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        self.ready.notify_one();
    }

    /// Waits at most `limit` for a job.
    pub(super) fn take(&self, limit: Duration) -> Option<T> {
        let job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut job, _) = self
            .ready
            .wait_timeout_while(job, limit, |job| job.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        job.take()
    }
}
