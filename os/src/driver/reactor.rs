//! One poller, as any thread may use it.
//!
//! Idea        What registering with it, ending a sleep in it and counting need. The poller itself is its driver's,
//!             which comes for it when it first has something to wait for: a runtime of many workers that has few
//!             sockets has few descriptors.
//! States      `sleep`: AWAKE ─fall_asleep→ ASLEEP ─wake_up→ AWAKE;
//!             unpark makes either NOTIFIED, which the next `fall_asleep` takes back to AWAKE.
//!             the poller: none ─make→ here ─take_poller→ its driver's
//! Invariants  I1 the waker's system call is made only for a sleeper, once a sleep.
//!             I2 a worker that sleeps elsewhere is woken when its reactor gets its first source, and then sleeps in it.
//! Rejected    A write to the eventfd for each unpark: 419 ns, mostly for a thread that is awake.

use std::io;
use std::sync::OnceLock;
use std::task::Waker;

use mio::{Poll, Registry, Token};
use selkie_core::raw::platform::{AtomicU8, AtomicU64, AtomicUsize, Lock, Ordering};

use super::uninterrupted::uninterrupted;

/// The waker's token: above every key, whose generation has fewer bits than are left.
pub(super) const WAKER: Token = Token(usize::MAX);

const AWAKE: u8 = 0;
const ASLEEP: u8 = 1;
const NOTIFIED: u8 = 2;

/// What others need of a poller.
#[derive(Debug)]
struct Made {
    registry: Registry,
    waker: mio::Waker,
}

/// One poller, with what it is to wait for.
#[derive(Debug)]
pub(super) struct Reactor {
    made: OnceLock<Made>,
    /// The poller, until its driver comes for it; held while it is made.
    poller: Lock<Option<Poll>>,
    sleep: AtomicU8,
    /// Sources that the poller watches.
    sources: AtomicUsize,
    events: AtomicU64,
    /// Ends the sleep of the worker that sleeps here, wherever it sleeps.
    worker: OnceLock<Waker>,
}

impl Reactor {
    pub(super) fn new() -> Self {
        Self {
            made: OnceLock::new(),
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
    /// If the system gives none: it is out of descriptors, as a rule.
    pub(super) fn make(&self) -> io::Result<&Registry> {
        if let Some(made) = self.made.get() {
            return Ok(&made.registry);
        }
        let mut poller = self.poller.lock();
        let made = match self.made.get() {
            Some(made) => made,
            None => {
                let poll = Poll::new()?;
                let waker = mio::Waker::new(poll.registry(), WAKER)?;
                let registry = poll.registry().try_clone()?;
                *poller = Some(poll);
                self.made.get_or_init(|| Made { registry, waker })
            }
        };
        Ok(&made.registry)
    }

    /// The registry of the poller, if it was made.
    pub(super) fn registry(&self) -> Option<&Registry> {
        self.made.get().map(|made| &made.registry)
    }

    /// The poller, for its driver, if it was made and has not been taken.
    pub(super) fn take_poller(&self) -> Option<Poll> {
        self.made.get()?;
        self.poller.lock().take()
    }

    /// Says how the worker that sleeps here is woken.
    pub(super) fn set_worker(&self, worker: Waker) {
        // Said once, when the workers are made.
        let _ = self.worker.set(worker);
    }

    /// Counts a source; `true`: the worker has to be told, since it may sleep elsewhere (I2).
    pub(super) fn add_source(&self) -> bool {
        // AcqRel: what the worker reads once it was woken, or goes to sleep after this.
        self.sources.fetch_add(1, Ordering::AcqRel) == 0
    }

    pub(super) fn remove_source(&self) {
        // Relaxed: the worker sleeps here once more than it needs to.
        self.sources.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many sources the poller watches.
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

    /// Ends the driver's sleep, or its next one; `may_call`: in the process that made it.
    pub(super) fn unpark(&self, may_call: impl FnOnce() -> bool) {
        // AcqRel: pairs with the exchange in `fall_asleep` and the swap in `wake_up`.
        if self.sleep.swap(NOTIFIED, Ordering::AcqRel) == ASLEEP && may_call() {
            if let Some(made) = self.made.get() {
                // I1. It fails only if the eventfd is gone, and with it the sleeper.
                let _ = uninterrupted(&mut || made.waker.wake());
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
