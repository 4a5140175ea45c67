//! How a worker sleeps: with the driver if nobody else has it, else on its own.
//!
//! States      empty → with driver | on its own → empty; any → woken
//! Invariants  I1 `state` says where the worker sleeps before it sleeps there, so that a wake goes to
//!                the driver or to the thread, never to both, and never gets lost.
//!             I2 the driver is used by the holder of its lock only.
//! Rejected    Every wake through the driver: an eventfd write costs twice a futex wake.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread::{self, Thread};
use std::time::Duration;

use super::super::any_park::{AnyPark, AnyUnpark};

const EMPTY: u8 = 0;
const ALONE: u8 = 1;
const IN_DRIVER: u8 = 2;
const WOKEN: u8 = 3;

/// The driver that the workers share.
pub(super) struct SharedDriver {
    park: Mutex<AnyPark>,
    unpark: AnyUnpark,
}

impl SharedDriver {
    pub(super) fn new(park: AnyPark) -> Self {
        Self {
            unpark: park.unpark_handle(),
            park: Mutex::new(park),
        }
    }

    /// Looks for events without sleeping, unless another worker does already.
    pub(super) fn poll(&self) {
        self.with(|park| park.park(Some(Duration::ZERO)));
    }

    /// Whether a worker has the driver now.
    pub(super) fn is_attended(&self) -> bool {
        matches!(self.park.try_lock(), Err(TryLockError::WouldBlock))
    }

    pub(super) fn shutdown(&self) {
        self.park
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .shutdown();
    }

    /// Calls `f` with the driver if it is free (I2).
    fn with<R>(&self, f: impl FnOnce(&mut AnyPark) -> R) -> Option<R> {
        match self.park.try_lock() {
            Ok(mut park) => Some(f(&mut park)),
            Err(TryLockError::Poisoned(poisoned)) => Some(f(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// The sleep of one worker.
#[derive(Debug)]
pub(super) struct Parker {
    state: AtomicU8,
    /// The thread that runs the worker now.
    thread: Mutex<Option<Thread>>,
}

impl Parker {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            thread: Mutex::new(None),
        }
    }

    /// The calling thread runs the worker from now on.
    pub(super) fn adopt(&self) {
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current());
    }

    /// Sleeps until woken or for `limit`: with the driver if it is free. Says whether it was woken.
    pub(super) fn park(&self, driver: &SharedDriver, limit: Option<Duration>) -> bool {
        let with_driver = driver.with(|park| {
            if self.enter(IN_DRIVER) {
                park.park(limit);
            } else {
                // Woken already: still a chance to take events along.
                park.park(Some(Duration::ZERO));
            }
        });
        if with_driver.is_none() && self.enter(ALONE) {
            self.sleep_alone(limit);
        }
        // Acquire: pairs with the Release in `unpark`: the waker's pushes are seen.
        self.state.swap(EMPTY, Ordering::Acquire) == WOKEN
    }

    /// Says where the worker is about to sleep (I1). `false`: it has been woken already.
    fn enter(&self, place: u8) -> bool {
        // Acquire: pairs with the Release in `unpark`.
        self.state
            .compare_exchange(EMPTY, place, Ordering::Acquire, Ordering::Acquire)
            .is_ok()
    }

    fn sleep_alone(&self, limit: Option<Duration>) {
        match limit {
            Some(limit) => thread::park_timeout(limit),
            None => {
                // Acquire: pairs with the Release in `unpark`; `park` may return for nothing.
                while self.state.load(Ordering::Acquire) == ALONE {
                    thread::park();
                }
            }
        }
    }

    /// Whether the worker sleeps in the driver.
    pub(super) fn is_in_driver(&self) -> bool {
        // Relaxed: a hint.
        self.state.load(Ordering::Relaxed) == IN_DRIVER
    }

    /// Ends the worker's sleep, or its next one.
    pub(super) fn unpark(&self, driver: &SharedDriver) {
        // Release: pairs with the Acquire in `park`: what the caller pushed is seen.
        match self.state.swap(WOKEN, Ordering::AcqRel) {
            ALONE => {
                let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(thread) = thread.as_ref() {
                    thread.unpark();
                }
            }
            IN_DRIVER => driver.unpark.unpark(),
            _ => {}
        }
    }
}
