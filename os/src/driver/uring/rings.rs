//! The rings of a driver: one a worker, and one for all other threads, each made when it is first needed.
//!
//! Idea        A worker submits to a ring that no other worker uses, so that neither we nor the system
//!             make one worker wait while another submits. The reactor watches all of them, so that
//!             whoever sleeps there takes what is complete on any.
//! States      of each place: nothing yet ─a use→ a ring, or refused by the system for good; a refusal for
//!             now leaves nothing yet, and the next use tries again, after a while;
//!             all: open ─close→ closed, where nothing is made any more
//! Invariants  I1 what lies in the line of a worker's ring is submitted by that worker before it sleeps or
//!                looks for events, or by who sees that it does neither (`settle`). What other threads
//!                put into any ring, they submit at once.
//!             I2 a place stays as it is once it has a ring, or was refused for good; after `close` all are one
//!                or the other. One thread at a time makes a ring.
//!             I3 only what is final is remembered: that the system has no rings, has none for this program,
//!                or none that can do what is needed. No descriptors or no memory now is not final.
//!             I4 a process that was forked since makes no ring: the poller that would watch it is the
//!                parent's. It takes no lock either: a thread that is not there may hold it.
//! Rejected    To try again at each use: where a limit stands for long, each read of a file would ask in vain.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Token};
use selkie_core::platform::{AtomicBool, Lock, Ordering};

use super::super::error::forked_error;
use super::super::reactors::{PendingNotify, Reactors};
use super::closing::see_off;
use super::ring::Ring;
use crate::sys::OwningProcess;

/// The token of the first place; those of others go down from it. No slot's, see `reactor`.
const FIRST: usize = usize::MAX - 2;

/// How long after a refusal for now the next ring is asked for, by those who can do without.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// The rings, as far as they are wanted, needed and to be had.
#[derive(Debug)]
pub(in crate::driver) struct Rings {
    is_wanted: bool,
    is_closed: AtomicBool,
    /// Until when `close` may wait, if whoever ends the runtime has said so.
    deadline: OnceLock<Instant>,
    /// The workers', and last the one of all other threads.
    places: Box<[OnceLock<Option<Arc<Ring>>>]>,
    /// Held while a ring is made (I2); when the system last refused one for now.
    refused_at: Lock<Option<Instant>>,
    process: OwningProcess,
}

/// Whether the system refuses rings for good by this error: it has none, or none for us (I3).
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

/// That the system refuses rings.
fn refusal() -> io::Error {
    let text = "the system refuses io_uring: an old kernel, a filter, or no locked memory";
    io::Error::new(io::ErrorKind::Unsupported, text)
}

impl Rings {
    pub(in crate::driver) fn new(is_wanted: bool, workers: usize) -> Self {
        Self {
            is_wanted,
            is_closed: AtomicBool::new(false),
            deadline: OnceLock::new(),
            places: (0..=workers).map(|_| OnceLock::new()).collect(),
            refused_at: Lock::new(None),
            process: OwningProcess::current(),
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

    /// The ring of `worker`, or of threads that are none, watched by one of `reactors`. If the
    /// system refuses it, one that there is.
    pub(in crate::driver) fn get(
        &self,
        worker: Option<usize>,
        reactors: &Reactors,
    ) -> Option<&Arc<Ring>> {
        if !self.is_wanted {
            return None;
        }
        let place = self.place(worker);
        let own = match self.places[place].get() {
            Some(own) => own.as_ref(),
            None => self.make(place, reactors, Some(TRY_AGAIN_AFTER)).ok(),
        };
        own.or_else(|| self.all().next_back())
    }

    /// The same, for those who cannot do without: if there is no ring at all, a refusal a moment ago does
    /// not keep this from asking again.
    ///
    /// # Errors
    /// Why there is none.
    pub(in crate::driver) fn require(
        &self,
        worker: Option<usize>,
        reactors: &Reactors,
    ) -> io::Result<&Arc<Ring>> {
        let place = self.place(worker);
        if let Some(Some(own)) = self.places[place].get() {
            return Ok(own);
        }
        match self.all().next_back() {
            Some(other) => Ok(self.get(worker, reactors).unwrap_or(other)),
            None if self.places[place].get().is_some() => Err(refusal()),
            None => self.make(place, reactors, None),
        }
    }

    fn place(&self, worker: Option<usize>) -> usize {
        worker.unwrap_or(self.places.len() - 1)
    }

    /// Makes the ring at `place`, unless the system has refused one for now within `pause`.
    #[cold]
    fn make(
        &self,
        place: usize,
        reactors: &Reactors,
        pause: Option<Duration>,
    ) -> io::Result<&Arc<Ring>> {
        if !self.process.is_current() {
            return Err(forked_error()); // I4
        }
        let mut pending = PendingNotify::NONE;
        let tried = self.try_to_make(place, reactors, pause, &mut pending);
        reactors.notify(pending);
        tried?;
        let made = self.places[place].get().and_then(Option::as_ref);
        made.ok_or_else(refusal)
    }

    /// As [`make`](Self::make), one thread at a time (I2); `pending` says whom to notify when that is over.
    fn try_to_make(
        &self,
        place: usize,
        reactors: &Reactors,
        pause: Option<Duration>,
        pending: &mut PendingNotify,
    ) -> io::Result<()> {
        let mut refused_at = self.refused_at.lock();
        let is_soon = |at: Instant| pause.is_some_and(|pause| at.elapsed() < pause);
        // Another thread may have been faster.
        if self.places[place].get().is_some() || refused_at.is_some_and(is_soon) {
            return Ok(());
        }
        match self.watched(place, reactors, pending) {
            // Closed meanwhile, the place stays without (I2).
            Ok(ring) => drop(self.places[place].set(Some(ring))),
            Err(error) if is_final(&error) => drop(self.places[place].set(None)),
            Err(error) => {
                *refused_at = Some(Instant::now()); // I3
                return Err(error);
            }
        }
        Ok(())
    }

    /// A ring that the poller watches.
    fn watched(
        &self,
        place: usize,
        reactors: &Reactors,
        pending: &mut PendingNotify,
    ) -> io::Result<Arc<Ring>> {
        let ring = Ring::new()?;
        let token = Token(FIRST - place);
        // Of the ring of other threads, and of a worker that has no reactor, the first one tells.
        let reactor = if place < reactors.len() { place } else { 0 };
        let (watched, notify) = reactors.register_at(reactor, |registry| {
            registry.register(&mut SourceFd(&ring.fd()), token, Interest::READABLE)
        });
        *pending = notify;
        watched.map(|_| ring)
    }

    /// The ring of `worker`, or of threads that are none, if it has been made.
    pub(in crate::driver) fn existing(&self, worker: Option<usize>) -> Option<&Arc<Ring>> {
        self.places[self.place(worker)].get()?.as_ref()
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = &Arc<Ring>> {
        self.places.iter().filter_map(|place| place.get()?.as_ref())
    }

    /// Submits what lies in the line of `worker`'s ring, and takes what is complete (I1). Says whether
    /// anybody was woken, or more lies in the line.
    pub(in crate::driver) fn settle(&self, worker: usize) -> bool {
        self.existing(Some(worker))
            .is_some_and(|ring| ring.settle())
    }

    /// Takes what is complete on the rings that the reactor `index` watches.
    pub(in crate::driver) fn reap_watched_by(&self, index: usize) {
        // The first one also watches those that no other could.
        let watched = self.places.iter().enumerate();
        for (_, place) in watched.filter(|(place, _)| index == 0 || *place == index) {
            if let Some(Some(ring)) = place.get() {
                ring.reap();
            }
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
    pub(in crate::driver) fn set_shutdown_deadline(&self, deadline: Instant) {
        // Should it have been said before, that stands.
        let _ = self.deadline.set(deadline);
    }

    /// Ends all operations, and waits for those that the system cannot cancel, as long as was said
    /// (`set_shutdown_deadline`), and leaves what is under way then to a thread; no ring is made any more (I2).
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
