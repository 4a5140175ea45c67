//! The registration of one source: its slot in the driver.
//!
//! Idea        A registration is the index of a slot, and the handle of the driver, which keeps the slot alive.
//!             The registration of a deferred source with the poller waits until the first operation would block, or
//!             until somebody asks what the source is ready for; then the system is asked, too. Until then there is no
//!             readiness but the one that was assumed, and operations (see `operation`) are simply tried.
//! Invariants  I1 the slot belongs to this registration until `Drop`. It does not move as long as the slots of the
//!                driver live, which the handle ensures.
//!             I2 the source is deregistered from the poller before this is dropped, by whoever owns both. A
//!                deferred source that nobody else holds may be closed instead, since the poller forgets a closed
//!                descriptor.
#![allow(unsafe_code)]

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};

use mio::Registry;
use mio::event::Source;

use super::conversion::{ready_of_poll, to_mio};
use super::error::forked_error;
use super::handle::Handle;
use super::reactors::PendingNotify;
use super::slot::{ReadyEvent, Slot};
use super::slots::{SourceKind, TaggedIndex};
use crate::async_io::{Interest, Ready};
use crate::sys::{DeferredSource, EDGE_TRIGGERED};

/// The registration of one source; deregister the source before this is dropped.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(super) handle: Handle,
    slot: NonNull<Slot>,
    tagged_index: TaggedIndex,
    pub(super) deferred: DeferredSource,
    /// The reactor that the source is registered with, once it is.
    reactor: AtomicU16,
    /// How often in a row the source was waited for on the worker of another reactor.
    pub(super) waits_elsewhere: AtomicU8,
}

// SAFETY: a slot is shared by many threads, and only shared references to it are made (I1).
unsafe impl Send for Registration {}
// SAFETY: as above.
unsafe impl Sync for Registration {}

/// The interest with which a deferred source is registered. It includes urgent data, at whose mark a read from
/// a stream ends early.
pub(super) const ALL: Interest = Interest::READABLE
    .add(Interest::WRITABLE)
    .add(Interest::PRIORITY);

impl Registration {
    /// Registers `source` with the driver of `handle`.
    pub(crate) fn new(
        source: &mut dyn Source,
        kind: SourceKind,
        interest: Interest,
        handle: Handle,
    ) -> io::Result<Self> {
        let registration = Self::deferred(DeferredSource::NONE, kind, Ready::EMPTY, handle)?;
        registration.register(source, interest)?;
        Ok(registration)
    }

    /// Takes a slot for `deferred`, which is registered with the poller when that is needed. Until an operation
    /// finds otherwise it is assumed to be ready for `assumed`.
    pub(crate) fn deferred(
        deferred: DeferredSource,
        kind: SourceKind,
        assumed: Ready,
        handle: Handle,
    ) -> io::Result<Self> {
        let index = handle.shared.slots.take(assumed)?;
        let slot = NonNull::from(handle.shared.slots.at(index));
        Ok(Self {
            handle,
            slot,
            tagged_index: TaggedIndex::new(index, kind),
            deferred,
            reactor: AtomicU16::new(0),
            waits_elsewhere: AtomicU8::new(0),
        })
    }

    /// Assumes that a source which is registered is ready for `assumed`, until an operation finds otherwise.
    pub(crate) fn assume(&self, assumed: Ready) {
        let slot = self.slot();
        slot.publish(slot.generation(), assumed);
    }

    /// Registers a deferred source, unless it is registered; returns whether it was not.
    pub(crate) fn register_deferred(&self) -> io::Result<bool> {
        if self.slot().is_registered() {
            return Ok(false);
        }
        let mut deferred = self.deferred;
        self.register(&mut deferred, ALL)
    }

    /// Registers `source` with a reactor, unless it is registered or the driver has shut down; returns whether
    /// it was not.
    fn register(&self, source: &mut dyn Source, interest: Interest) -> io::Result<bool> {
        let shared = &*self.handle.shared;
        if !shared.is_same_process() {
            return Err(forked_error());
        }
        let mut pending = PendingNotify::NONE;
        let outcome = self.slot().register(|| {
            let register = &mut |registry: &Registry| {
                registry.register(source, self.token(), to_mio(interest))
            };
            let (registered, notify) = shared.reactors.register(register);
            pending = notify;
            self.set_reactor(registered?);
            Ok(())
        });
        shared.reactors.notify(pending);
        outcome
    }

    pub(super) fn token(&self) -> mio::Token {
        mio::Token(self.handle.shared.slots.key(self.tagged_index).0)
    }

    pub(super) fn set_reactor(&self, reactor: usize) {
        // Relaxed: it is changed under the lock of the waiters, and read for good by the thread that drops this
        // alone. In range: there are no more reactors.
        self.reactor.store(reactor as u16, Ordering::Relaxed);
    }

    pub(super) fn reactor(&self) -> usize {
        // Relaxed: as above; for others it is a hint.
        usize::from(self.reactor.load(Ordering::Relaxed))
    }

    /// Ensures that the readiness is known, and that changes of it will be reported.
    pub(super) fn refresh(&self) -> io::Result<()> {
        if !self.register_deferred()? {
            return Ok(());
        }
        // The poller reports the readiness in its next turn; the caller wants to know now.
        if let Some(polled) = self.deferred.poll_now() {
            let slot = self.slot();
            slot.publish(
                slot.generation(),
                ready_of_poll(polled, self.tagged_index.kind()),
            );
        }
        Ok(())
    }

    /// Called after an operation that saw `event` and would block.
    pub(super) fn would_block(&self, event: ReadyEvent) -> io::Result<()> {
        if event.is_registered() {
            self.record_wait();
        } else {
            self.register_deferred()?;
        }
        self.clear(event);
        Ok(())
    }

    /// As [`refresh`](Self::refresh), for an operation. One that reads or writes is tried instead.
    #[inline]
    pub(super) fn refresh_rare(&self, interest: Interest) -> io::Result<()> {
        if interest.is_readable() || interest.is_writable() {
            return Ok(());
        }
        self.refresh()
    }

    /// Called before `source` is closed: deregisters it, unless the poller forgets a closed descriptor and this one
    /// has no duplicate, since it was not exposed (I2).
    pub(crate) fn end(&self, source: &mut dyn Source, is_exposed: bool) {
        // Edge-triggered pollers are the ones that forget a closed descriptor.
        if is_exposed || !EDGE_TRIGGERED {
            // An error means that the poller has forgotten it already.
            let _ = self.deregister(source);
        }
    }

    /// Deregisters `source` from the poller.
    pub(crate) fn deregister(&self, source: &mut dyn Source) -> io::Result<()> {
        if !self.handle.shared.is_same_process() {
            return Ok(()); // The poller is the parent's.
        }
        let reactor = self.handle.shared.reactors.at(self.reactor());
        let Some(registry) = reactor.registry().filter(|_| self.slot().is_registered()) else {
            return Ok(()); // It was never registered.
        };
        if self.deferred.is_some() {
            let mut deferred = self.deferred;
            registry.deregister(&mut deferred)
        } else {
            registry.deregister(source)
        }
    }

    #[inline]
    pub(super) fn slot(&self) -> &Slot {
        // SAFETY: the slot lives as long as this does (I1).
        unsafe { self.slot.as_ref() }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // In a process that was forked since, another thread may have held the lock of the slots, and that
        // thread does not exist here.
        if self.handle.shared.is_same_process() {
            if self.slot().is_registered() {
                let reactor = self.handle.shared.reactors.at(self.reactor());
                reactor.remove_source();
            }
            self.handle
                .shared
                .slots
                .give_back(self.tagged_index.index());
        }
    }
}
