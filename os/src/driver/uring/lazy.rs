//! The ring of a driver, made when it is first needed.
//!
//! States      not wanted | wanted ─first use→ there, or refused by the system for this runtime's life

use std::sync::{Arc, OnceLock};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::ring::Ring;

/// The token of the ring; no slot's, see `reactor`.
pub(in crate::driver) const TOKEN: Token = Token(usize::MAX - 2);

/// The ring, if it is wanted, needed and to be had.
#[derive(Debug)]
pub(in crate::driver) struct Lazy {
    is_wanted: bool,
    ring: OnceLock<Option<Arc<Ring>>>,
}

impl Lazy {
    pub(in crate::driver) fn new(is_wanted: bool) -> Self {
        Self {
            is_wanted,
            ring: OnceLock::new(),
        }
    }

    pub(in crate::driver) fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// The ring, watched by the poller of `registry`.
    pub(in crate::driver) fn get(&self, registry: &Registry) -> Option<&Arc<Ring>> {
        if !self.is_wanted {
            return None;
        }
        let make = || {
            let ring = Ring::new().ok()?;
            registry
                .register(&mut SourceFd(&ring.fd()), TOKEN, Interest::READABLE)
                .ok()?;
            Some(Arc::new(ring))
        };
        self.ring.get_or_init(make).as_ref()
    }

    /// The ring, if it has been made.
    pub(in crate::driver) fn made(&self) -> Option<&Arc<Ring>> {
        self.ring.get().and_then(Option::as_ref)
    }

    /// Submits what is queued and takes what is complete. Says whether anybody was woken.
    pub(in crate::driver) fn turn(&self) -> bool {
        self.made().is_some_and(|ring| ring.turn())
    }

    /// Submits what is queued.
    pub(in crate::driver) fn submit(&self) {
        if let Some(ring) = self.made() {
            ring.submit_line();
        }
    }

    /// Ends all operations.
    pub(in crate::driver) fn close(&self) {
        if let Some(ring) = self.made() {
            ring.close();
        }
    }
}
