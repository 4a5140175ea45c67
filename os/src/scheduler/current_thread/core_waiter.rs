//! Threads that wait for the core.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::thread_parker::ThreadParker;
use super::shared::{CurrentThread, lock};

/// A thread that waits for the core; leaves the wait queue when this is dropped.
pub(super) struct CoreWaiter<'a> {
    scheduler: &'a CurrentThread,
    parker: &'a Arc<ThreadParker>,
}

impl<'a> CoreWaiter<'a> {
    pub(super) fn new(scheduler: &'a CurrentThread, parker: &'a Arc<ThreadParker>) -> Self {
        lock(&scheduler.waiters).push_back(Arc::clone(parker));
        // SeqCst: pairs with the load in `put_core` (I2 of `shared`).
        scheduler.waiting.fetch_add(1, Ordering::SeqCst);
        Self { scheduler, parker }
    }
}

impl CurrentThread {
    /// Makes every thread that waits for the core look at the scheduler again.
    pub(super) fn wake_waiters(&self) {
        for waiter in lock(&self.waiters).iter() {
            waiter.unpark();
        }
    }
}

impl Drop for CoreWaiter<'_> {
    fn drop(&mut self) {
        let mut waiters = lock(&self.scheduler.waiters);
        waiters.retain(|waiter| !Arc::ptr_eq(waiter, self.parker));
        // Relaxed: under the lock; a put that still sees it finds nobody.
        self.scheduler.waiting.fetch_sub(1, Ordering::Relaxed);
        // The core may have come back for us while we left.
        if !self.scheduler.core_slot.load(Ordering::SeqCst).is_null() {
            if let Some(waiter) = waiters.front() {
                waiter.unpark();
            }
        }
    }
}
