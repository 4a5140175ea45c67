//! How a worker sleeps: with the driver if nobody else has it, else on its own.
//!
//! States      empty → with driver | on its own → empty; any → woken
//! Invariants  I1 `state` says where the worker sleeps before it sleeps there, so that a wake goes to
//!                the driver or to the thread, never to both, and never gets lost.
//!             I2 the driver is used by whoever has set `taken`, and nobody else.
//! Rejected    Every wake through the driver: an eventfd write costs twice a futex wake.
#![allow(unsafe_code)]

use std::time::Duration;

use selkie_core::platform::{
    AtomicBool, AtomicU8, Lock, Ordering, Thread, UnsafeCell, current_thread, park_thread,
    park_thread_for,
};

use super::super::any_park::{AnyPark, AnyUnpark};

const EMPTY: u8 = 0;
const ALONE: u8 = 1;
const IN_DRIVER: u8 = 2;
const WOKEN: u8 = 3;

/// The driver that the workers share.
pub(super) struct SharedDriver {
    taken: AtomicBool,
    park: UnsafeCell<AnyPark>,
    unpark: AnyUnpark,
}

impl SharedDriver {
    pub(super) fn new(park: AnyPark) -> Self {
        Self {
            unpark: park.unpark_handle(),
            taken: AtomicBool::new(false),
            park: UnsafeCell::new(park),
        }
    }

    /// Looks for events without sleeping, unless another worker does already.
    pub(super) fn poll(&self) {
        self.with(|park| park.park(Some(Duration::ZERO)));
    }

    /// Hands over what worker `index` has asked of the driver, and wakes for what is answered. `true`:
    /// it looks once more before it sleeps.
    pub(super) fn settle(&self, index: usize) -> bool {
        self.unpark.settle(index)
    }

    /// Whether a worker has the driver now.
    pub(super) fn is_attended(&self) -> bool {
        // Relaxed: a hint.
        self.taken.load(Ordering::Relaxed)
    }

    /// Lets go of the driver; no worker uses it any more.
    pub(super) fn shutdown(&self) {
        let ended = self.with(|park| park.shutdown());
        debug_assert!(ended.is_some(), "a worker outlived its scheduler");
    }

    /// Calls `f` with the driver if it is free (I2).
    fn with<R>(&self, f: impl FnOnce(&mut AnyPark) -> R) -> Option<R> {
        // Acquire: pairs with the Release in `Taken::drop`: what the one before did is seen.
        if self.taken.swap(true, Ordering::Acquire) {
            return None;
        }
        let _taken = Taken(&self.taken);
        Some(self.park.with_mut(|park| {
            // SAFETY: nobody else uses it while it is taken (I2).
            f(unsafe { &mut *park })
        }))
    }
}

// SAFETY: `park` is `Send`, and used by one thread at a time (I2).
unsafe impl Sync for SharedDriver {}

/// Gives the driver back, also on unwinding.
struct Taken<'a>(&'a AtomicBool);

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `with`.
        self.0.store(false, Ordering::Release);
    }
}

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
            IN_DRIVER => driver.unpark.unpark(),
            _ => {}
        }
    }
}
