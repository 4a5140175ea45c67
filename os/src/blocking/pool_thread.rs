//! One thread of the pool, as the pool knows it: where it waits for its next job, and what to join it by.
//!
//! States      empty → given a job → empty
//! Invariants  I1 whoever starts the thread, or pops it from the stack of idle threads, gives it exactly one job.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::closure::Job;
use super::record::Record;
use crate::sys::join_thread;

/// A thread of the pool.
pub(super) struct PoolThread {
    state: Mutex<ThreadState>,
    given: Condvar,
    /// What the thread is at.
    pub(super) record: Record,
}

/// What is kept for a thread.
struct ThreadState {
    job: Option<Job>,
    handle: Option<JoinHandle<()>>,
}

impl PoolThread {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(ThreadState {
                job: None,
                handle: None,
            }),
            given: Condvar::new(),
            record: Record::new(),
        })
    }

    #[inline(never)]
    fn lock(&self) -> MutexGuard<'_, ThreadState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `job` to the thread and wakes it (I1).
    pub(super) fn give(&self, job: Job) {
        self.lock().job = Some(job);
        self.given.notify_one();
    }

    /// Waits for a job, for about `limit` at most: a wake without a job begins the wait again.
    pub(super) fn wait(&self, limit: Duration) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.job.take() {
                return Some(job);
            }
            let waited = self.given.wait_timeout(state, limit);
            let timed_out;
            (state, timed_out) = waited.unwrap_or_else(PoisonError::into_inner);
            if timed_out.timed_out() {
                return state.job.take();
            }
        }
    }

    /// Keeps what to join the thread by.
    pub(super) fn keep_handle(&self, handle: JoinHandle<()>) {
        self.lock().handle = Some(handle);
    }

    /// Waits until the thread is really gone, with what its thread-locals drop, until `deadline` at most; `false`: it is
    /// still there.
    pub(super) fn join(&self, deadline: Option<Instant>) -> bool {
        let handle = self.lock().handle.take();
        handle.is_none_or(|handle| join_thread(handle, deadline))
    }
}

/// Takes `thread` out of `threads`; `false`: it is not there.
#[inline(never)]
pub(super) fn take_out(threads: &mut Vec<Arc<PoolThread>>, thread: &Arc<PoolThread>) -> bool {
    let place = threads.iter().position(|other| Arc::ptr_eq(other, thread));
    if let Some(place) = place {
        threads.remove(place);
    }
    place.is_some()
}
