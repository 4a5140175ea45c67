//! The place of a driver's rings, which has none until one is needed.
//!
//! Idea        The rings are reached through a trait object, which the first operation makes. So a program that has no
//!             operation for a ring does not contain what serves them.
//! States      none yet ─first use→ a table ─close→ closed; none yet ─close→ closed, where no ring is made any more
//! Invariants  I1 a process that was forked before there was a table makes none: it waits for no thread that does not exist
//!                there.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use mio::Token;
use selkie_core::raw::platform::{AtomicBool, Ordering};

use super::super::error::forked_error;
use super::super::reactors::Reactors;
use super::made_rings::{FIRST_TOKEN, MadeRings};
use super::ring::Ring;
use super::ring_table::{RingTable, refusal};
use crate::sys::OwningProcess;

/// The rings of a driver, as far as they are wanted and needed.
#[derive(Debug)]
pub(in crate::driver) struct Rings {
    is_wanted: bool,
    workers: usize,
    is_closed: AtomicBool,
    /// Until when `close` may wait, if whoever shuts the runtime down has set it.
    deadline: OnceLock<Instant>,
    table: OnceLock<Option<Box<dyn MadeRings>>>,
    process: OwningProcess,
}

impl Rings {
    pub(in crate::driver) fn new(is_wanted: bool, workers: usize) -> Self {
        Self {
            is_wanted,
            workers,
            is_closed: AtomicBool::new(false),
            deadline: OnceLock::new(),
            table: OnceLock::new(),
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

    /// The table, if there is one.
    fn made(&self) -> Option<&dyn MadeRings> {
        self.table.get()?.as_deref()
    }

    /// The table; makes one if there is none and the driver is open.
    ///
    /// # Errors
    /// If the process was forked since (I1), or the driver has shut down.
    #[inline]
    fn table(&self) -> io::Result<&dyn MadeRings> {
        if self.table.get().is_none() && !self.process.is_current() {
            return Err(forked_error());
        }
        let make =
            || -> Option<Box<dyn MadeRings>> { Some(Box::new(RingTable::new(self.workers))) };
        self.table.get_or_init(make).as_deref().ok_or_else(refusal)
    }

    /// See [`MadeRings::get`]; `None` also if the builder wants no rings.
    #[inline]
    pub(in crate::driver) fn get(
        &self,
        worker: Option<usize>,
        reactors: &Reactors,
    ) -> Option<&Arc<Ring>> {
        if !self.is_wanted {
            return None;
        }
        self.table().ok()?.get(worker, reactors)
    }

    /// See [`MadeRings::require`].
    #[inline]
    pub(in crate::driver) fn require(
        &self,
        worker: Option<usize>,
        reactors: &Reactors,
    ) -> io::Result<&Arc<Ring>> {
        self.table()?.require(worker, reactors)
    }

    /// See [`MadeRings::existing`].
    pub(in crate::driver) fn existing(&self, worker: Option<usize>) -> Option<&Arc<Ring>> {
        self.made()?.existing(worker)
    }

    /// See [`MadeRings::in_flight`].
    pub(in crate::driver) fn in_flight(&self, worker: usize) -> Option<usize> {
        self.made()?.in_flight(worker)
    }

    /// See [`MadeRings::submit_and_reap`].
    pub(in crate::driver) fn submit_and_reap(&self, worker: usize) -> bool {
        self.made()
            .is_some_and(|table| table.submit_and_reap(worker))
    }

    /// See [`MadeRings::reap_of_reactor`].
    pub(in crate::driver) fn reap_of_reactor(&self, index: usize) {
        if let Some(table) = self.made() {
            table.reap_of_reactor(index);
        }
    }

    /// Takes the completions of the ring with this token. `false`: the token is not a ring's.
    pub(in crate::driver) fn reap(&self, token: Token) -> bool {
        let index = FIRST_TOKEN.wrapping_sub(token.0);
        if index > self.workers {
            return false;
        }
        if let Some(table) = self.made() {
            table.reap(index);
        }
        true
    }

    /// `close` waits until `deadline` at most.
    pub(in crate::driver) fn set_shutdown_deadline(&self, deadline: Instant) {
        // If it was set before, that stays.
        let _ = self.deadline.set(deadline);
    }

    /// See [`MadeRings::close`].
    pub(in crate::driver) fn close(&self) {
        // Relaxed: see `is_closed`.
        self.is_closed.store(true, Ordering::Relaxed);
        if let Some(table) = self.table.get_or_init(|| None) {
            table.close(self.deadline.get().copied());
        }
    }
}
