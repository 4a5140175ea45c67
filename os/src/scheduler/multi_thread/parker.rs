//! How a worker sleeps: in a driver, if one is free and needed, else by futex.
//!
//! States      empty → in the driver | in the futex → empty; any → notified
//! Invariants  I1 `state` says where the worker sleeps before it sleeps there, so that a wake goes to the driver or to the
//!                thread, never to both, and is never lost.
//! Rejected    Every wake through the driver: a write to an eventfd costs twice as much as a futex wake.

use std::time::Duration;

use selkie_core::raw::platform::{
    AtomicU8, Lock, Ordering, Thread, current_thread, park_thread, park_thread_for,
};

use super::super::any_park::AnyPark;
use super::drivers::SharedDriver;

const EMPTY: u8 = 0;
const ALONE: u8 = 1;
const IN_DRIVER: u8 = 2;
const WOKEN: u8 = 3;

/// The sleep of one worker.
#[derive(Debug)]
pub(super) struct Parker {
    state: AtomicU8,
    /// The thread that runs the worker now.
    thread: Lock<Option<Thread>>,
}

impl Parker {
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            thread: Lock::new(None),
        }
    }

    /// The calling thread runs the worker from now on.
    pub(super) fn adopt(&self) {
        *self.thread.lock() = Some(current_thread());
    }

    /// Sleeps until woken or for `limit`: in `driver`, if that is free and needed. Says whether it was woken.
    #[inline]
    pub(super) fn park(&self, driver: &SharedDriver, limit: Option<Duration>) -> bool {
        let sleep = |park: &mut AnyPark| {
            if self.enter(IN_DRIVER) {
                park.park(limit);
            } else {
                // Woken already: still a chance to take events along.
                park.park(Some(Duration::ZERO));
            }
        };
        if driver.is_needed() {
            if driver.with(sleep).is_none() && self.enter(ALONE) {
                self.sleep_alone(driver.limit_elsewhere(limit));
            }
        } else if self.enter(ALONE) {
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
            Some(limit) => park_thread_for(limit),
            None => {
                // Acquire: pairs with the Release in `unpark`; `park` may return for nothing.
                while self.state.load(Ordering::Acquire) == ALONE {
                    park_thread();
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
                let thread = self.thread.lock();
                if let Some(thread) = thread.as_ref() {
                    thread.unpark();
                }
            }
            IN_DRIVER => driver.unpark(),
            _ => {}
        }
    }
}
