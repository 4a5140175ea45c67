//! The side of the driver that any thread may use.
//!
//! Idea        Everything that registering, waking and counting need, shared by the driver, the
//!             handles and each registration.
//! States      `sleep`: AWAKE ─fall_asleep→ ASLEEP ─wake_up→ AWAKE;
//!             unpark makes either NOTIFIED, which the next `fall_asleep` takes back to AWAKE.
//! Invariants  I1 the waker's system call is made only for a sleeper, once a sleep.
//!             I2 the poller is an object of the system that a fork shares: a process that was forked since
//!                changes nothing in it, and wakes nobody by it.
//! Rejected    A write to the eventfd for each unpark: 419 ns, mostly for a thread that is awake.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::event::Source;
use selkie_core::park::Unpark;
use selkie_core::platform::{AtomicU8, AtomicU64, Ordering};

use super::error::forked_error;
use super::poller::ask;
use super::slots::{Place, Slots};
use super::uninterrupted::uninterrupted;
use super::uring::Rings;
use crate::io::Interest;
use crate::sys::Birth;

const AWAKE: u8 = 0;
const ASLEEP: u8 = 1;
const NOTIFIED: u8 = 2;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) registry: mio::Registry,
    pub(super) slots: Slots,
    waker: mio::Waker,
    sleep: AtomicU8,
    events: AtomicU64,
    pub(super) rings: Rings,
    birth: Birth,
}

/// Registers sources with a driver.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    pub(super) shared: Arc<Shared>,
}

/// Ends a driver's sleep.
#[derive(Debug, Clone)]
pub(crate) struct Unparker {
    shared: Arc<Shared>,
}

impl Shared {
    pub(super) fn new(registry: mio::Registry, waker: mio::Waker, rings: Rings) -> Self {
        Self {
            registry,
            slots: Slots::new(),
            waker,
            sleep: AtomicU8::new(AWAKE),
            events: AtomicU64::new(0),
            rings,
            birth: Birth::here(),
        }
    }

    /// Whether this is the process that the driver was made in (I2).
    #[inline]
    pub(super) fn is_here(&self) -> bool {
        self.birth.is_here()
    }

    /// Announces a sleep; `false` if it must not begin.
    pub(super) fn fall_asleep(&self) -> bool {
        // AcqRel: pairs with the swap in `unpark`; what came before the unpark is seen.
        match self
            .sleep
            .compare_exchange(AWAKE, ASLEEP, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => true,
            Err(_) => {
                // Acquire: pairs with the swap in `unpark`, also a second one.
                self.sleep.swap(AWAKE, Ordering::AcqRel);
                false
            }
        }
    }

    /// Ends a sleep.
    pub(super) fn wake_up(&self) {
        // AcqRel: pairs with the swap in `unpark`; a notice of this sleep is used up.
        self.sleep.swap(AWAKE, Ordering::AcqRel);
    }

    /// Counts `more` dispatched events; only the driver calls this.
    pub(super) fn count_events(&self, more: u64) {
        // Relaxed: a statistic with one writer.
        self.events.store(
            self.events.load(Ordering::Relaxed) + more,
            Ordering::Relaxed,
        );
    }
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(super) fn unparker(&self) -> Unparker {
        Unparker {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Refuses further sources and tells whoever waits for one that the driver is gone; from any thread,
    /// also while another sleeps in the driver.
    pub(crate) fn shut_down(&self) {
        // Those who wait for sockets are told before the rings may have to be waited for.
        self.shared.slots.shut_down();
        self.shared.rings.close();
    }

    /// Makes the poller watch `source` for the slot at `place`, unless it does; whether it did not.
    pub(super) fn watch(
        &self,
        place: Place,
        source: &mut impl Source,
        interest: Interest,
    ) -> io::Result<bool> {
        if !self.shared.is_here() {
            return Err(forked_error());
        }
        let slots = &self.shared.slots;
        slots.at(place.index()).watch(|| {
            let token = mio::Token(slots.key(place).0);
            self.shared.registry.register(source, token, ask(interest))
        })
    }

    /// The ring of `worker`, or of threads that are none, if it has been made.
    #[cfg(io_uring)]
    pub(crate) fn made_ring(&self, worker: Option<usize>) -> Option<&Arc<super::uring::Ring>> {
        self.shared.rings.made(worker)
    }

    /// The ring of `worker`, or of threads that are none, if the builder lets us and the system has one;
    /// if it has no more, one that has been made.
    #[cfg(io_uring)]
    pub(crate) fn ring(&self, worker: Option<usize>) -> Option<&Arc<super::uring::Ring>> {
        self.shared.rings.get(worker, &self.shared.registry)
    }

    /// The same, also if the system has refused one a moment ago.
    ///
    /// # Errors
    /// Why there is none.
    #[cfg(all(io_uring, feature = "net"))]
    pub(crate) fn require_ring(
        &self,
        worker: Option<usize>,
    ) -> io::Result<&Arc<super::uring::Ring>> {
        self.shared.rings.require(worker, &self.shared.registry)
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

    /// Whether both are of one driver.
    #[cfg(all(io_uring, feature = "net"))]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The driver's shutdown waits no longer than until `deadline`, for what the system cannot cancel.
    pub(crate) fn end_by(&self, deadline: Instant) {
        self.shared.rings.end_by(deadline);
    }

    /// Events dispatched so far.
    pub(crate) fn events(&self) -> u64 {
        // Relaxed: a statistic.
        self.shared.events.load(Ordering::Relaxed)
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
        // AcqRel: pairs with the exchange in `fall_asleep` and the swap in `wake_up`.
        if self.shared.sleep.swap(NOTIFIED, Ordering::AcqRel) == ASLEEP && self.shared.is_here() {
            // I1. It fails only if the eventfd is gone, and with it the sleeper.
            let _ = uninterrupted(&mut || self.shared.waker.wake());
        }
    }

    fn settle(&self, worker: usize) -> bool {
        self.shared.rings.settle(worker)
    }
}
