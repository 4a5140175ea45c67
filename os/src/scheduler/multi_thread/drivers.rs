//! The drivers that workers sleep in: one that all workers share, or one per worker.
//!
//! Idea        With one shared driver, the first worker that has nothing to do sleeps in it, and the others sleep by futex.
//!             With a driver per worker, each worker sleeps in its own; another worker polls it only while its owner is
//!             stuck in a long poll of a task.
//! Invariants  I1 only the worker that has set `taken` uses a driver.
//! Rejected    `epoll` in `epoll`, so that an idle worker sleeps on all drivers: each event of a busy worker would wake an
//!             idle one, which takes the task that the busy worker was about to find.
#![allow(unsafe_code)]

use std::time::Duration;

use selkie_core::raw::collections::Padded;
use selkie_core::raw::platform::{AtomicBool, Ordering, UnsafeCell};

use super::super::any_park::{AnyPark, AnyUnpark};

/// How long others use a worker's own driver, as a rule, and how long it sleeps without it then.
const SLEEP_WITHOUT_DRIVER: Duration = Duration::from_millis(1);

/// A driver that one worker sleeps in at a time.
pub(super) struct SharedDriver {
    taken: AtomicBool,
    park: UnsafeCell<AnyPark>,
    unpark: AnyUnpark,
    /// Whether it is one worker's.
    is_own: bool,
}

impl SharedDriver {
    fn new(park: AnyPark, is_own: bool) -> Self {
        Self {
            unpark: park.unpark_handle(),
            taken: AtomicBool::new(false),
            park: UnsafeCell::new(park),
            is_own,
        }
    }

    /// Whether there is anything to sleep or to look for here.
    pub(super) fn is_needed(&self) -> bool {
        self.unpark.is_needed()
    }

    /// Ends the sleep in it.
    pub(super) fn unpark(&self) {
        self.unpark.unpark();
    }

    /// How long a worker may sleep elsewhere, since the driver is taken: its own has been taken for a moment only.
    pub(super) fn limit_elsewhere(&self, limit: Option<Duration>) -> Option<Duration> {
        match self.is_own {
            true => Some(limit.map_or(SLEEP_WITHOUT_DRIVER, |limit| {
                limit.min(SLEEP_WITHOUT_DRIVER)
            })),
            false => limit,
        }
    }

    /// Looks for events without sleeping, unless another worker does already.
    pub(super) fn poll(&self) {
        if self.is_needed() {
            self.with(|park| park.park(Some(Duration::ZERO)));
        }
    }

    /// Whether a worker has the driver now.
    pub(super) fn is_attended(&self) -> bool {
        // Relaxed: a hint.
        self.taken.load(Ordering::Relaxed)
    }

    /// Tells whoever waits here; a thread that has given its worker away may still be in a waker that the driver calls.
    fn shutdown(&self) {
        self.unpark.shutdown();
    }

    /// Calls `f` with the driver if it is free (I1).
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut AnyPark) -> R) -> Option<R> {
        // Acquire: pairs with the Release in `DriverGuard::drop`: what the one before did is seen.
        if self.taken.swap(true, Ordering::Acquire) {
            return None;
        }
        let _taken = DriverGuard(&self.taken);
        Some(self.park.with_mut(|park| {
            // SAFETY: nobody else uses it while it is taken (I1).
            f(unsafe { &mut *park })
        }))
    }
}

// SAFETY: `park` is `Send`, and used by one thread at a time (I1).
unsafe impl Sync for SharedDriver {}

/// Gives the driver back, also on unwinding.
struct DriverGuard<'a>(&'a AtomicBool);

impl Drop for DriverGuard<'_> {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in `with`.
        self.0.store(false, Ordering::Release);
    }
}

/// All drivers of one scheduler.
pub(super) struct Drivers(Vec<Padded<SharedDriver>>);

impl Drivers {
    /// One for all workers, or as many as there are workers.
    pub(super) fn new(parks: Vec<AnyPark>) -> Self {
        let are_own = parks.len() > 1;
        let mut drivers = Vec::with_capacity(parks.len());
        for park in parks {
            drivers.push(Padded(SharedDriver::new(park, are_own)));
        }
        Self(drivers)
    }

    /// The driver that worker `index` sleeps in.
    pub(super) fn of(&self, index: usize) -> &SharedDriver {
        self.0.get(index).unwrap_or(&self.0[0])
    }

    /// Whether each worker has its own.
    pub(super) fn are_own(&self) -> bool {
        self.0.len() > 1
    }

    /// Submits what worker `index` has asked of its driver, and wakes the tasks whose operations have completed.
    /// `true`: the worker looks once more before it sleeps.
    pub(super) fn submit_and_reap(&self, index: usize) -> bool {
        self.of(index).unpark.submit_and_reap(index)
    }

    /// The calling thread runs worker `index` from now on, or no worker.
    pub(super) fn bind_worker(&self, index: Option<usize>) {
        self.0[0].unpark.bind_worker(index);
    }

    /// Lets go of the drivers; no worker uses them any more.
    pub(super) fn shutdown(&self) {
        self.0.iter().for_each(|driver| driver.shutdown());
    }
}
