//! The side of the driver that any thread may use.
//!
//! Idea        Everything that registering, waking and counting need, shared by the drivers, the handles and the
//!             registrations.
//! Invariants  I1 a poller is an object of the system that a fork shares: a process that was forked since changes
//!                nothing in it, and wakes nobody by it.

use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use selkie_core::park::Unpark;

use super::reactors::Reactors;
use super::rings::Rings;
use super::slots::Slots;
use crate::sys::OwningProcess;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) reactors: Reactors,
    pub(super) slots: Slots,
    pub(super) rings: Rings,
    process: OwningProcess,
}

/// Registers sources with a driver.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    pub(super) shared: Arc<Shared>,
}

/// Ends the sleep in one reactor.
#[derive(Debug, Clone)]
pub(crate) struct Unparker {
    shared: Arc<Shared>,
    reactor: usize,
}

impl Shared {
    pub(super) fn new(reactors: Reactors, rings: Rings) -> Self {
        Self {
            reactors,
            slots: Slots::new(),
            rings,
            process: OwningProcess::current(),
        }
    }

    /// Whether the calling process is the one that the driver was made in (I1).
    #[inline]
    pub(super) fn is_same_process(&self) -> bool {
        self.process.is_current()
    }
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(super) fn unparker(&self, reactor: usize) -> Unparker {
        Unparker {
            shared: Arc::clone(&self.shared),
            reactor,
        }
    }

    /// Sets how worker `index` is woken, wherever it sleeps; only needed if it has a reactor of its own.
    pub(crate) fn set_worker(&self, index: usize, worker: Waker) {
        if !self.shared.reactors.is_one() {
            self.shared.reactors.at(index).set_worker(worker);
        }
    }

    /// Refuses further sources, and tells all waiters that the driver has shut down. Any thread may call it,
    /// also while another sleeps in the driver.
    pub(crate) fn shut_down(&self) {
        // Waiters for sockets are woken before the rings are closed, which may have to be waited for.
        self.shared.slots.shut_down();
        self.shared.rings.close();
    }

    /// The ring of `worker`, or of the threads that are no workers, if it has been made.
    #[cfg(io_uring)]
    pub(crate) fn existing_ring(&self, worker: Option<usize>) -> Option<&Arc<super::uring::Ring>> {
        self.shared.rings.existing(worker)
    }

    /// The ring of `worker`, or of the threads that are no workers, if the builder allows rings and the system
    /// has one. If the system has no more, one that has been made before.
    #[cfg(io_uring)]
    #[inline]
    pub(crate) fn ring(&self, worker: Option<usize>) -> Option<&Arc<super::uring::Ring>> {
        self.shared.rings.get(worker, &self.shared.reactors)
    }

    /// The same, also if the system has refused one a moment ago.
    ///
    /// # Errors
    /// Why there is none.
    #[cfg(all(io_uring, feature = "net"))]
    #[inline]
    pub(crate) fn require_ring(
        &self,
        worker: Option<usize>,
    ) -> std::io::Result<&Arc<super::uring::Ring>> {
        self.shared.rings.require(worker, &self.shared.reactors)
    }

    /// Whether the builder asked for rings.
    #[cfg(all(io_uring, feature = "net"))]
    pub(crate) fn wants_rings(&self) -> bool {
        self.shared.rings.is_wanted()
    }

    /// Whether the rings were closed, as the driver shut down.
    #[cfg(all(io_uring, feature = "net"))]
    pub(crate) fn has_closed_rings(&self) -> bool {
        self.shared.rings.is_closed()
    }

    /// Whether both belong to the same driver.
    #[cfg(all(io_uring, feature = "net"))]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The shutdown waits for what the system cannot cancel until `deadline` at most.
    pub(crate) fn set_shutdown_deadline(&self, deadline: Instant) {
        self.shared.rings.set_shutdown_deadline(deadline);
    }

    /// Events dispatched so far.
    pub(crate) fn events(&self) -> u64 {
        let mut events = 0;
        for reactor in self.shared.reactors.all() {
            events += reactor.events();
        }
        events
    }

    /// Sources that are registered with the reactor of `worker`, and the events that it has dispatched.
    pub(crate) fn reactor_counts(&self, worker: usize) -> (usize, u64) {
        let reactors = &self.shared.reactors;
        let reactor = reactors.at(if reactors.is_one() { 0 } else { worker });
        (reactor.sources(), reactor.events())
    }

    /// Operations in flight in the ring of `worker`; `None` if it has none.
    pub(crate) fn ring_in_flight(&self, worker: usize) -> Option<usize> {
        self.shared.rings.in_flight(worker)
    }

    /// Sources registered so far.
    pub(crate) fn registered(&self) -> u64 {
        self.shared.slots.counts().0
    }

    /// Sources deregistered so far.
    pub(crate) fn deregistered(&self) -> u64 {
        self.shared.slots.counts().1
    }
}

impl Unpark for Unparker {
    fn unpark(&self) {
        let reactor = self.shared.reactors.at(self.reactor);
        reactor.unpark(|| self.shared.is_same_process());
    }

    fn submit_and_reap(&self, worker: usize) -> bool {
        self.shared.rings.submit_and_reap(worker)
    }

    fn bind_worker(&self, worker: Option<usize>) {
        self.shared.reactors.bind_worker(worker);
    }

    fn shutdown(&self) {
        // The first reactor acts for all.
        if self.reactor == 0 {
            Handle::new(Arc::clone(&self.shared)).shut_down();
        }
    }

    fn is_needed(&self) -> bool {
        // A reactor that serves all workers is always needed: otherwise a worker that is to sleep there would
        // have to be found when the first source comes.
        let reactors = &self.shared.reactors;
        reactors.is_one() || reactors.at(self.reactor).sources() > 0
    }
}
