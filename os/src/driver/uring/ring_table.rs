//! The rings of a driver that needs some: one per worker, and one for all other threads, each made when it is first needed.
//!
//! Idea        A worker submits to a ring that no other worker uses, so that neither we nor the system make one
//!             worker wait while another submits. All rings are registered with the reactor, so that whoever sleeps
//!             there takes the completions of any ring.
//! States      of each ring: none yet ─first use→ made, or refused by the system for good; after a refusal for now
//!             there is none yet, and the next use tries again after a while;
//!             all: open ─close→ closed, where no ring is made any more
//! Invariants  I1 what is queued in the ring of a worker is submitted by that worker before it sleeps or looks for
//!                events, or by whoever sees that it does neither (`submit_and_reap`). What other threads queue in any ring,
//!                they submit at once.
//!             I2 an entry of `rings` does not change once it has a ring, or was refused for good; after `close`
//!                each is one or the other. One thread at a time makes a ring.
//!             I3 only what is final is remembered: that the system has no rings, has none for this program, or
//!                none that can do what is needed. A lack of descriptors or of memory is not final.
//!             I4 a process that was forked since makes no ring: the poller that it would be registered with
//!                belongs to the parent. It takes no lock either, since a thread that does not exist there may hold
//!                it.
//! Rejected    To try again at each use: where a limit lasts for long, each read of a file would ask in vain.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Token};
use selkie_core::raw::collections::boxed_slice;
use selkie_core::raw::platform::Lock;

use super::super::error::forked_error;
use super::super::reactors::{PendingNotify, Reactors};
use super::made_rings::{FIRST_TOKEN, MadeRings};
use super::ring::Ring;
use super::shutdown::wait_in_background;
use crate::sys::OwningProcess;

/// PlannedOutcome long after a refusal for now another ring is asked for, by callers that can do without.
const RETRY_AFTER: Duration = Duration::from_millis(10);

/// The rings, as far as they are needed and available.
#[derive(Debug)]
pub(super) struct RingTable {
    /// The rings of the workers, and last the one of all other threads.
    rings: Box<[OnceLock<Option<Arc<Ring>>>]>,
    /// CompletionTime the system last refused a ring for now; the lock is held while a ring is made (I2).
    refused_at: Lock<Option<Instant>>,
    process: OwningProcess,
}

/// Whether this error means that the system refuses rings for good: it has none, or none for us (I3).
#[inline]
fn is_final(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(errno) => [
            libc::ENOSYS,
            libc::EPERM,
            libc::EACCES,
            libc::EINVAL,
            libc::EOPNOTSUPP,
        ]
        .contains(&errno),
        None => error.kind() == io::ErrorKind::Unsupported,
    }
}

/// The error that the system refuses rings.
#[inline]
pub(super) fn refusal() -> io::Error {
    let text = "the system refuses io_uring: an old kernel, a filter, or no locked memory";
    io::Error::new(io::ErrorKind::Unsupported, text)
}

impl RingTable {
    #[inline]
    pub(super) fn new(workers: usize) -> Self {
        Self {
            rings: boxed_slice(workers + 1, |_| OnceLock::new()),
            refused_at: Lock::new(None),
            process: OwningProcess::current(),
        }
    }

    #[inline]
    fn index_of(&self, worker: Option<usize>) -> usize {
        worker.unwrap_or(self.rings.len() - 1)
    }

    /// Makes the ring `index`, unless the system has refused one for now within `pause`.
    #[cold]
    #[inline]
    fn make(
        &self,
        index: usize,
        reactors: &Reactors,
        pause: Option<Duration>,
    ) -> io::Result<&Arc<Ring>> {
        if !self.process.is_current() {
            return Err(forked_error()); // I4
        }
        let mut pending = PendingNotify::NONE;
        let tried = self.try_to_make(index, reactors, pause, &mut pending);
        reactors.notify(pending);
        tried?;
        let made = self.rings[index].get().and_then(Option::as_ref);
        made.ok_or_else(refusal)
    }

    /// As [`make`](Self::make), by one thread at a time (I2); `pending` is whom to wake after the lock is
    /// released.
    #[inline]
    fn try_to_make(
        &self,
        index: usize,
        reactors: &Reactors,
        pause: Option<Duration>,
        pending: &mut PendingNotify,
    ) -> io::Result<()> {
        let mut refused_at = self.refused_at.lock();
        let is_soon = |at: Instant| pause.is_some_and(|pause| at.elapsed() < pause);
        // Another thread may have been faster.
        if self.rings[index].get().is_some() || refused_at.is_some_and(is_soon) {
            return Ok(());
        }
        match self.make_registered(index, reactors, pending) {
            // If the rings were closed meanwhile, the entry stays without a ring (I2).
            Ok(ring) => drop(self.rings[index].set(Some(ring))),
            Err(error) if is_final(&error) => drop(self.rings[index].set(None)),
            Err(error) => {
                *refused_at = Some(Instant::now()); // I3
                return Err(error);
            }
        }
        Ok(())
    }

    /// Makes a ring and registers it with a reactor.
    #[inline]
    fn make_registered(
        &self,
        index: usize,
        reactors: &Reactors,
        pending: &mut PendingNotify,
    ) -> io::Result<Arc<Ring>> {
        let ring = Ring::new()?;
        let token = Token(FIRST_TOKEN - index);
        // The first reactor reports the ring of other threads, and that of a worker without a reactor.
        let reactor = if index < reactors.len() { index } else { 0 };
        let (registered, notify) = reactors.register_at(reactor, &mut |registry| {
            registry.register(&mut SourceFd(&ring.fd()), token, Interest::READABLE)
        });
        *pending = notify;
        registered.map(|_| ring)
    }

    #[inline]
    fn all(&self) -> impl DoubleEndedIterator<Item = &Arc<Ring>> {
        self.rings.iter().filter_map(|ring| ring.get()?.as_ref())
    }
}

impl MadeRings for RingTable {
    #[inline]
    fn get(&self, worker: Option<usize>, reactors: &Reactors) -> Option<&Arc<Ring>> {
        let index = self.index_of(worker);
        let own = match self.rings[index].get() {
            Some(own) => own.as_ref(),
            None => self.make(index, reactors, Some(RETRY_AFTER)).ok(),
        };
        own.or_else(|| self.all().next_back())
    }

    #[inline]
    fn require(&self, worker: Option<usize>, reactors: &Reactors) -> io::Result<&Arc<Ring>> {
        let index = self.index_of(worker);
        if let Some(Some(own)) = self.rings[index].get() {
            return Ok(own);
        }
        match self.all().next_back() {
            Some(other) => Ok(self.get(worker, reactors).unwrap_or(other)),
            None if self.rings[index].get().is_some() => Err(refusal()),
            None => self.make(index, reactors, None),
        }
    }

    #[inline]
    fn existing(&self, worker: Option<usize>) -> Option<&Arc<Ring>> {
        self.rings[self.index_of(worker)].get()?.as_ref()
    }

    #[inline]
    fn in_flight(&self, worker: usize) -> Option<usize> {
        Some(self.existing(Some(worker))?.in_flight())
    }

    #[inline]
    fn submit_and_reap(&self, worker: usize) -> bool {
        self.existing(Some(worker))
            .is_some_and(|ring| ring.submit_and_reap())
    }

    #[inline]
    fn reap_of_reactor(&self, index: usize) {
        // The first reactor also has the rings that could not be registered with their own.
        let rings = self.rings.iter().enumerate();
        for (_, ring) in rings.filter(|(of, _)| index == 0 || *of == index) {
            if let Some(Some(ring)) = ring.get() {
                ring.reap();
            }
        }
    }

    #[inline]
    fn reap(&self, index: usize) {
        if let Some(Some(ring)) = self.rings[index].get() {
            ring.reap();
        }
    }

    #[inline]
    fn close(&self, deadline: Option<Instant>) {
        for ring in &self.rings {
            if let Some(ring) = ring.get_or_init(|| None) {
                ring.begin_close();
            }
        }
        for ring in self.all() {
            ring.wait_for_in_flight(deadline);
        }
        wait_in_background(self.all());
    }
}
