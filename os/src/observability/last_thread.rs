//! Which thread ran a worker last.
//!
//! Idea        The worker's thread stores its number whenever it takes the worker. That costs a comparison, except for the
//!             first time on another thread.
//! Invariants  I1 one thread at a time has the worker, and no number is given to two threads.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use super::observed_thread::ObservedThread;

thread_local! {
    /// This thread's number, 0 until it is asked for.
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// The thread that ran a worker last.
#[derive(Debug, Default)]
pub(crate) struct LastThread {
    number: AtomicUsize,
    thread: Mutex<NotedThread>,
}

/// What is known of that thread.
#[derive(Debug, Default)]
struct NotedThread {
    id: Option<ThreadId>,
    /// `None` when it has left the worker to another thread.
    observed: Option<Arc<ObservedThread>>,
}

impl LastThread {
    /// The calling thread has the worker.
    #[inline]
    pub(crate) fn note(&self) {
        let number = NUMBER.try_with(Cell::get).unwrap_or(0);
        // Relaxed: compared by the thread that has the worker; handing it over orders the writes.
        if number == 0 || self.number.load(Ordering::Relaxed) != number {
            self.note_another();
        }
    }

    #[cold]
    fn note_another(&self) {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let number = NUMBER.try_with(|number| {
            if number.get() == 0 {
                // Relaxed: only the sum matters (I1).
                number.set(NEXT.fetch_add(1, Ordering::Relaxed));
            }
            number.get()
        });
        // Relaxed: as in `note`. A thread whose locals are gone is noted each time.
        self.number.store(number.unwrap_or(0), Ordering::Relaxed);
        *self.lock() = NotedThread {
            id: Some(thread::current().id()),
            observed: ObservedThread::here(),
        };
    }

    /// The calling thread gives the worker away, to go on with a poll that blocks.
    #[cfg(feature = "rt-multi-thread")]
    pub(crate) fn leave(&self) {
        // Relaxed: as in `note`; the thread is noted again if it takes the worker back.
        self.number.store(0, Ordering::Relaxed);
        self.lock().observed = None;
    }

    fn lock(&self) -> MutexGuard<'_, NotedThread> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread, once there was one.
    pub(crate) fn get(&self) -> Option<ThreadId> {
        self.lock().id
    }

    /// The same thread, to look at what it does; `None` if it has left the worker.
    pub(crate) fn observed(&self) -> Option<Arc<ObservedThread>> {
        self.lock().observed.clone()
    }
}
