//! The seam between a scheduler and the world it sleeps in.
//!
//! A scheduler knows the world only through [`Park`] and [`Unpark`]: on a chip that is WFI and an
//! alarm, on Linux a futex, epoll or a ring, in a simulation a seeded event queue.

use core::time::Duration;

/// What a scheduler's thread does when it has nothing to run.
pub trait Park {
    /// The handle by which others end a sleep.
    type Unpark: Unpark;

    /// A handle that ends this sleeper's sleep.
    fn unpark_handle(&self) -> Self::Unpark;

    /// Sleeps until unparked, until an event came in, or until `timeout` has passed; `None` sleeps
    /// without limit, zero only looks for events. An unpark that came before makes it return at
    /// once. May wake spuriously.
    fn park(&mut self, timeout: Option<Duration>);

    /// Whether [`park_unless`](Self::park_unless) asks where no wake can come between its question and the sleep. Then an
    /// executor need not be unparked for its tasks, nor look for events while some are ready: they come by themselves.
    fn asks_first(&self) -> bool {
        false
    }

    /// Sleeps without limit, unless `is_ready`.
    fn park_unless(&mut self, is_ready: &dyn Fn() -> bool) {
        self.park(is_ready().then_some(Duration::ZERO));
    }

    /// Lets go of what the sleeper holds: every pending operation is notified that it will not
    /// complete. Called once, at the end.
    fn shutdown(&mut self);
}

/// Ends the sleep of one [`Park`].
pub trait Unpark: Send + Sync {
    /// Makes the running, or else the next, `park` return. Cheap when nobody sleeps. On a chip it may
    /// be called in a critical section.
    fn unpark(&self);

    /// Submits what tasks on worker `worker` have asked of the sleeper and was kept to be submitted together,
    /// and wakes those whose answers are there. A scheduler with several workers calls it on each
    /// before it sleeps or looks for events, and now and then on another that goes on running. `true`:
    /// there is news, or more to submit; the worker looks once more before it sleeps.
    fn submit_and_reap(&self, _worker: usize) -> bool {
        false
    }

    /// The calling thread runs worker `worker` from now on, or none: what its tasks wait for is best
    /// watched where that worker sleeps.
    fn bind_worker(&self, _worker: Option<usize>) {}

    /// Tells every pending operation that it will not complete, as [`Park::shutdown`] does, while somebody is
    /// still in the sleeper: a waker that it calls, for one.
    fn shutdown(&self) {}

    /// Whether anything but [`unpark`](Self::unpark) may end a sleep now, or there is anything to look for. Else a
    /// worker may sleep elsewhere.
    fn is_needed(&self) -> bool {
        true
    }
}

#[cfg(feature = "alloc")]
impl<U: Unpark + ?Sized> Unpark for crate::platform::PlainArc<U> {
    fn unpark(&self) {
        (**self).unpark();
    }

    fn submit_and_reap(&self, worker: usize) -> bool {
        (**self).submit_and_reap(worker)
    }

    fn bind_worker(&self, worker: Option<usize>) {
        (**self).bind_worker(worker);
    }

    fn shutdown(&self) {
        (**self).shutdown();
    }

    fn is_needed(&self) -> bool {
        (**self).is_needed()
    }
}
