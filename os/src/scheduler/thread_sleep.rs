//! The sleep of a runtime without I/O.
//!
//! Invariants  I1 an unpark stores `notified`, then looks for the sleeper; a sleeper registers, then
//!                takes `notified`: one of them sees the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use selkie_core::park::{Park, Unpark};

use super::any_park::AnyUnpark;
use super::thread_parker::ThreadParker;

/// The sleep of a runtime without I/O: whoever sleeps registers its thread.
#[derive(Default)]
pub(crate) struct ThreadSleep(Arc<ThreadSlot>);

#[derive(Default)]
struct ThreadSlot {
    sleeper: Mutex<Option<Arc<ThreadParker>>>,
    notified: AtomicBool,
}

impl Park for ThreadSleep {
    type Unpark = AnyUnpark;

    fn unpark_handle(&self) -> AnyUnpark {
        Arc::clone(&self.0) as AnyUnpark
    }

    fn park(&mut self, timeout: Option<Duration>) {
        if timeout == Some(Duration::ZERO) {
            return;
        }
        let parker = Arc::new(ThreadParker::current());
        let put = |sleeper| {
            *self
                .0
                .sleeper
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = sleeper;
        };
        put(Some(Arc::clone(&parker)));
        // SeqCst: pairs with the store in `unpark`, which looks for the sleeper after it.
        if !self.0.notified.swap(false, Ordering::SeqCst) {
            parker.park(timeout);
            // SeqCst: as above; a swap, so that what came before the notice that is used up is seen.
            self.0.notified.swap(false, Ordering::SeqCst);
        }
        put(None);
    }

    fn shutdown(&mut self) {}
}

impl Unpark for ThreadSlot {
    fn unpark(&self) {
        // SeqCst: pairs with the swap in `park`: it sees this, or we see its sleeper.
        self.notified.store(true, Ordering::SeqCst);
        let sleeper = self.sleeper.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sleeper) = sleeper.as_ref() {
            sleeper.unpark();
        }
    }
}
