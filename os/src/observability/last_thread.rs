//! Which thread ran a worker last.
//!
//! Idea        The worker's thread stores its number whenever it takes the worker. That costs a comparison, except for the
//!             first time on another thread.
//! Invariants  I1 one thread at a time has the worker, and no number is given to two threads.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ThreadId};

thread_local! {
    /// This thread's number, 0 until it is asked for.
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// The thread that ran a worker last.
#[derive(Debug, Default)]
pub(crate) struct LastThread {
    number: AtomicUsize,
    id: Mutex<Option<ThreadId>>,
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
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
    }

    /// The thread, once there was one.
    pub(crate) fn get(&self) -> Option<ThreadId> {
        *self.id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
