//! The rings of a driver: one a worker, and one for all other threads, each made when it is first needed.
//!
//! Idea        A worker submits to a ring that no other worker uses, so that neither we nor the system
//!             make one worker wait while another submits. The reactor watches all of them, so that
//!             whoever sleeps there takes what is complete on any.
//! States      of each place: nothing yet ─first use→ a ring, or refused by the system for good;
//!             all: open ─close→ closed, where nothing is made any more
//! Invariants  I1 what lies in the line of a worker's ring is submitted by that worker before it sleeps or
//!                looks for events, or by who sees that it does neither (`settle`). What other threads
//!                put into any ring, they submit at once.
//!             I2 a place stays as it is once it was tried; after `close` all have been.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use selkie_core::platform::{AtomicBool, Ordering};

use super::closing::see_off;
use super::ring::Ring;

/// The token of the first place; those of others go down from it. No slot's, see `reactor`.
const FIRST: usize = usize::MAX - 2;

/// The rings, as far as they are wanted, needed and to be had.
#[derive(Debug)]
pub(in crate::driver) struct Rings {
    is_wanted: bool,
    is_closed: AtomicBool,
    /// Until when `close` may wait, if whoever ends the runtime has said so.
    deadline: OnceLock<Instant>,
    /// The workers', and last the one of all other threads.
    places: Box<[OnceLock<Option<Arc<Ring>>>]>,
}

impl Rings {
    pub(in crate::driver) fn new(is_wanted: bool, workers: usize) -> Self {
        Self {
            is_wanted,
            is_closed: AtomicBool::new(false),
            deadline: OnceLock::new(),
            places: (0..=workers).map(|_| OnceLock::new()).collect(),
        }
    }

    pub(in crate::driver) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Whether the driver has shut down.
    pub(in crate::driver) fn is_closed(&self) -> bool {
        // Relaxed: it only chooses the words of an error.
        self.is_closed.load(Ordering::Relaxed)
    }

    /// The ring of `worker`, or of threads that are none, watched by the poller of `registry`. If the
    /// system refuses it, one that there is.
    pub(in crate::driver) fn get(
        &self,
        worker: Option<usize>,
        registry: &Registry,
    ) -> Option<&Arc<Ring>> {
        if !self.is_wanted {
            return None;
        }
        let others = self.places.len() - 1;
        let place = worker.unwrap_or(others);
        let make = || {
            let ring = Ring::new().ok()?;
            let token = Token(FIRST - place);
            registry
                .register(&mut SourceFd(&ring.fd()), token, Interest::READABLE)
                .ok()?;
            Some(ring)
        };
        let own = self.places[place].get_or_init(make);
        own.as_ref().or_else(|| self.all().next_back())
    }

    /// The ring of `worker`, or of threads that are none, if it has been made.
    pub(in crate::driver) fn made(&self, worker: Option<usize>) -> Option<&Arc<Ring>> {
        let place = worker.unwrap_or(self.places.len() - 1);
        self.places[place].get()?.as_ref()
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = &Arc<Ring>> {
        self.places.iter().filter_map(|place| place.get()?.as_ref())
    }

    /// Submits what lies in the line of `worker`'s ring, and takes what is complete (I1). Says whether
    /// anybody was woken, or more lies in the line.
    pub(in crate::driver) fn settle(&self, worker: usize) -> bool {
        self.made(Some(worker)).is_some_and(|ring| ring.settle())
    }

    /// Takes what is complete on any ring.
    pub(in crate::driver) fn reap_all(&self) {
        for ring in self.all() {
            ring.reap();
        }
    }

    /// Takes what is complete on the ring with this token. `false`: it is no ring's.
    pub(in crate::driver) fn reap(&self, token: Token) -> bool {
        let place = FIRST.wrapping_sub(token.0);
        let Some(place) = self.places.get(place) else {
            return false;
        };
        if let Some(Some(ring)) = place.get() {
            ring.reap();
        }
        true
    }

    /// `close` waits no longer than until `deadline`.
    pub(in crate::driver) fn end_by(&self, deadline: Instant) {
        // Should it have been said before, that stands.
        let _ = self.deadline.set(deadline);
    }

    /// Ends all operations, and waits for those that the system cannot cancel, as long as was said
    /// (`end_by`), and leaves what is under way then to a thread; no ring is made any more (I2).
    pub(in crate::driver) fn close(&self) {
        // Relaxed: see `is_closed`.
        self.is_closed.store(true, Ordering::Relaxed);
        for place in &self.places {
            if let Some(ring) = place.get_or_init(|| None) {
                ring.begin_close();
            }
        }
        for ring in self.all() {
            ring.await_last(self.deadline.get().copied());
        }
        see_off(self.all());
    }
}
