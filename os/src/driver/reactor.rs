//! One reactor: a poller, as any thread may use it.
//!
//! Idea        What is needed to register a source, to end a sleep and to count. The poller itself belongs to its
//!             driver, which takes it when it first has something to wait for. So a runtime of many workers that
//!             has few sockets has few descriptors.
//! States      `sleep`: AWAKE ─begin_sleep→ ASLEEP ─end_sleep→ AWAKE;
//!             `unpark` makes either NOTIFIED, which the next `begin_sleep` turns back into AWAKE.
//!             the poller: none ─registry_or_make→ here ─take_poller→ taken by its driver
//! Invariants  I1 the system call of the waker is made only for a sleeper, once per sleep.
//!             I2 a worker that sleeps elsewhere is woken when its reactor gets its first source, and then sleeps
//!                in the reactor.
//! Rejected    A write to the eventfd for each unpark: 419 ns, mostly for a thread that is awake.

use std::io;
use std::sync::OnceLock;
use std::task::Waker;

use mio::{Poll, Registry, Token};
use selkie_core::raw::platform::{AtomicU8, AtomicU64, AtomicUsize, Lock, Ordering};

use super::retry::retry_call;

/// The token of the waker. It is above every key, since a generation has fewer bits than are left for it.
pub(super) const WAKER: Token = Token(usize::MAX);

const AWAKE: u8 = 0;
const ASLEEP: u8 = 1;
const NOTIFIED: u8 = 2;

/// What threads other than the driver need of a poller.
#[derive(Debug)]
struct PollerHandle {
    registry: Registry,
    waker: mio::Waker,
}

/// A poller and the number of its sources.
#[derive(Debug)]
pub(super) struct Reactor {
    handle: OnceLock<PollerHandle>,
    /// The poller, until its driver takes it; the lock is held while the poller is made.
    poller: Lock<Option<Poll>>,
    sleep: AtomicU8,
    /// Sources that are registered with the poller.
    sources: AtomicUsize,
    events: AtomicU64,
    /// Ends the sleep of the worker that parks here, wherever it sleeps.
    worker: OnceLock<Waker>,
}

impl Reactor {
    pub(super) fn new() -> Self {
        Self {
            handle: OnceLock::new(),
            poller: Lock::new(None),
            sleep: AtomicU8::new(AWAKE),
            sources: AtomicUsize::new(0),
            events: AtomicU64::new(0),
            worker: OnceLock::new(),
        }
    }

    /// The registry of the poller, which is made if there is none yet.
    ///
    /// # Errors
    /// If the system gives none, as a rule because it is out of descriptors.
    pub(super) fn registry_or_make(&self) -> io::Result<&Registry> {
        if let Some(handle) = self.handle.get() {
            return Ok(&handle.registry);
        }
        let mut poller = self.poller.lock();
        if self.handle.get().is_none() {
            let poll = Poll::new()?;
            let waker = mio::Waker::new(poll.registry(), WAKER)?;
            let registry = poll.registry().try_clone()?;
            *poller = Some(poll);
            let _ = self.handle.set(PollerHandle { registry, waker });
        }
        drop(poller);
        Ok(self.registry().expect("it was made, or is now"))
    }

    /// The registry of the poller, if it was made.
    pub(super) fn registry(&self) -> Option<&Registry> {
        self.handle.get().map(|handle| &handle.registry)
    }

    /// Gives the poller to its driver, if it was made and has not been taken.
    pub(super) fn take_poller(&self) -> Option<Poll> {
        self.handle.get()?;
        self.poller.lock().take()
    }

    /// Sets how the worker that parks here is woken.
    pub(super) fn set_worker(&self, worker: Waker) {
        // Set once, when the workers are made.
        let _ = self.worker.set(worker);
    }

    /// Counts a source; `true`: the worker has to be woken, since it may sleep elsewhere (I2).
    pub(super) fn add_source(&self) -> bool {
        // AcqRel: pairs with the Acquire in `sources`, which the worker calls after it was woken, or before it
        // sleeps.
        self.sources.fetch_add(1, Ordering::AcqRel) == 0
    }

    pub(super) fn remove_source(&self) {
        // Relaxed: at worst the worker sleeps here once more than it has to.
        self.sources.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many sources are registered with the poller.
    pub(super) fn sources(&self) -> usize {
        // Acquire: pairs with `add_source`.
        self.sources.load(Ordering::Acquire)
    }

    /// Wakes the worker, wherever it sleeps (I2).
    pub(super) fn notify_worker(&self) {
        if let Some(worker) = self.worker.get() {
            worker.wake_by_ref();
        }
    }

    /// Announces a sleep; `false` if the driver must not sleep.
    pub(super) fn begin_sleep(&self) -> bool {
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
    pub(super) fn end_sleep(&self) {
        // AcqRel: pairs with the swap in `unpark`; a notification during this sleep is consumed.
        self.sleep.swap(AWAKE, Ordering::AcqRel);
    }

    /// Ends the sleep of the driver, or its next one. `may_call` says whether this is the process that made the
    /// poller.
    pub(super) fn unpark(&self, may_call: impl FnOnce() -> bool) {
        // AcqRel: pairs with the exchange in `begin_sleep` and the swap in `end_sleep`.
        if self.sleep.swap(NOTIFIED, Ordering::AcqRel) == ASLEEP && may_call() {
            if let Some(handle) = self.handle.get() {
                // I1. The call fails only if the eventfd is gone, and then there is no sleeper.
                let _ = retry_call(&mut || handle.waker.wake());
            }
        }
    }

    /// Counts `more` dispatched events; only the driver calls this.
    pub(super) fn count_events(&self, more: u64) {
        // Relaxed: a statistic with one writer.
        self.events.store(
            self.events.load(Ordering::Relaxed) + more,
            Ordering::Relaxed,
        );
    }

    /// Events dispatched so far.
    pub(super) fn events(&self) -> u64 {
        // Relaxed: a statistic.
        self.events.load(Ordering::Relaxed)
    }
}
