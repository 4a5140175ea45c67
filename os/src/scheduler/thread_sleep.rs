//! The park of a runtime without I/O.
//!
//! Invariants  I1 an unpark stores `notified`, then looks for the sleeper; a sleeper registers, then takes
//!                `notified`: one of them sees the other.
//!             I2 a notification that is consumed was read: what happened before it is visible to the thread that
//!                slept.

use std::sync::Arc;
use std::time::Duration;

use selkie_core::park::{Park, Unpark};
use selkie_core::raw::platform::{AtomicBool, Lock, Ordering};

use super::any_park::AnyUnpark;
use super::thread_parker::ThreadParker;

/// The park of a runtime without I/O: a thread that sleeps registers itself.
pub(crate) struct ThreadSleep(Arc<ThreadSlot>);

impl Default for ThreadSleep {
    fn default() -> Self {
        Self(Arc::new(ThreadSlot {
            sleeper: Lock::new(None),
            notified: AtomicBool::new(false),
        }))
    }
}

struct ThreadSlot {
    sleeper: Lock<Option<Arc<ThreadParker>>>,
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
        let put = |sleeper| *self.0.sleeper.lock() = sleeper;
        put(Some(Arc::clone(&parker)));
        // SeqCst: pairs with the store in `unpark`, which looks for the sleeper after it.
        if !self.0.notified.swap(false, Ordering::SeqCst) {
            parker.park(timeout);
            // SeqCst: as above; a swap, not a store: it reads the notice that it uses up (I2).
            self.0.notified.swap(false, Ordering::SeqCst);
        }
        put(None);
    }

    fn shutdown(&mut self) {}
}

impl Unpark for ThreadSlot {
    fn unpark(&self) {
        // SeqCst: pairs with the swaps in `park`: they see this, or we see its sleeper. A swap, too: who
        // reads the notice of one of two sees what both did (I2).
        self.notified.swap(true, Ordering::SeqCst);
        let sleeper = self.sleeper.lock();
        if let Some(sleeper) = sleeper.as_ref() {
            sleeper.unpark();
        }
    }
}
