//! A thread that runs workers, as other threads see it.
//!
//! Idea        A thread that runs a worker for the first time makes a record of itself, which those who look keep. Its end
//!             is noted in the record, under a lock: whoever holds the lock can look at the thread's locals, or send it a
//!             signal. So neither a poll nor the change from worker to worker costs anything.
//! States      running → ended
//! Invariants  I1 while the lock is held and the thread has not ended, its locals and its handle are there: the record
//!                learns of the end before that.
//! Rejected    The thread publishes what it polls before each poll: some instructions for every poll. Looking at threads that
//!             may have ended, by their numbers: the system gives numbers again.
#![allow(unsafe_code)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use selkie_core::raw::task::{CurrentIdRef, current_id_ref};
use selkie_core::task::Id;

use crate::sys::{NativeThread, NoStack, RawStack, StackSignal};

/// What others know of a thread.
#[derive(Debug)]
pub(crate) struct ObservedThread {
    current: Option<CurrentIdRef>,
    native: NativeThread,
    has_ended: Mutex<bool>,
}

/// Notes in the record that its thread ends.
struct EndGuard(Arc<ObservedThread>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        *self.0.lock() = true;
    }
}

thread_local! {
    static HERE: EndGuard = EndGuard(Arc::new(ObservedThread {
        current: current_id_ref(),
        native: NativeThread::here(),
        has_ended: Mutex::new(false),
    }));
}

impl ObservedThread {
    /// The calling thread; `None` while its locals go.
    pub(crate) fn here() -> Option<Arc<Self>> {
        HERE.try_with(|here| Arc::clone(&here.0)).ok()
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.has_ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The innermost task that the thread polls or drops.
    pub(crate) fn current_task(&self) -> Option<Id> {
        let has_ended = self.lock();
        if *has_ended {
            return None;
        }
        // SAFETY: the thread has not ended, and does not before the lock is free (I1).
        unsafe { self.current?.get() }
    }

    /// The calls that the thread is in.
    pub(crate) fn stack(&self, signal: StackSignal) -> Result<RawStack, NoStack> {
        let has_ended = self.lock();
        if *has_ended {
            return Err(NoStack::Ended);
        }
        // SAFETY: the thread has not ended, and does not before the lock is free (I1).
        unsafe { self.native.stack(signal) }
    }
}
