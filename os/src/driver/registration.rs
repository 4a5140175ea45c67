//! The registration of one source: its slot in the driver.
//!
//! Idea        A registration is the index of a slot, and the handle of the driver, which keeps the slot alive.
//!             Operations follow one protocol: look at the readiness, try, and if the call would block clear the
//!             readiness that was seen and wait. The registration of a deferred source with the poller waits until
//!             the first operation would block, or until somebody asks what the source is ready for; then the
//!             system is asked, too. Until then there is no readiness but the one that was assumed, and operations
//!             are simply tried.
//! Invariants  I1 the slot belongs to this registration until `Drop`. It does not move as long as the slots of the
//!                driver live, which the handle ensures.
//!             I2 the source is deregistered from the poller before this is dropped, by whoever owns both. A
//!                deferred source that nobody else holds may be closed instead, since the poller forgets a closed
//!                descriptor.
#![allow(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};
use std::task::{Context, Poll, ready};

use mio::Registry;
use mio::event::Source;
use selkie_core::coop;

use super::conversion::{ready_of_poll, to_mio};
use super::error::{forked_error, shutdown_error};
use super::handle::Handle;
use super::reactors::PendingNotify;
use super::readiness::Readiness;
use super::retry::retry_interrupted;
use super::slot::{ReadyEvent, Slot};
use super::slots::{SourceKind, TaggedIndex};
use super::waiters::Direction;
use crate::async_io::{Interest, Ready};
use crate::sys::DeferredSource;

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
            let register =
                |registry: &Registry| registry.register(source, self.token(), to_mio(interest));
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
    fn refresh(&self) -> io::Result<()> {
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
    fn would_block(&self, event: ReadyEvent) -> io::Result<()> {
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
    fn refresh_rare(&self, interest: Interest) -> io::Result<()> {
        if interest.is_readable() || interest.is_writable() {
            return Ok(());
        }
        self.refresh()
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

    /// Waits for `direction`, which has one waker; charges the budget.
    pub(crate) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        let unit = ready!(coop::poll_proceed(cx));
        self.refresh()?;
        let event = ready!(self.slot().poll(direction, cx));
        unit.made_progress();
        Poll::Ready(or_shutdown_error(event))
    }

    /// Makes the system call `operation` until it does something else than block, waiting with the one waker of
    /// `direction`. Any outcome costs a unit of the budget, a failure too.
    pub(crate) fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        // Compiled for each type of outcome instead of each operation: rarer than reads and writes of streams.
        let operation: &mut dyn FnMut() -> io::Result<R> = &mut operation;
        let tried = self.poll_tried(cx, direction, operation);
        tried.map(|(outcome, _)| outcome)
    }

    /// As [`poll_io`](Self::poll_io) for an operation on a stream of which nothing is known afterwards.
    #[allow(dead_code, reason = "not every system has streams of packets")]
    pub(crate) fn poll_transfer(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let tried = self.poll_tried(cx, direction, &mut operation);
        tried.map(|(outcome, _)| outcome)
    }

    /// As [`poll_io`](Self::poll_io) for an operation on a stream that transfers up to `wanted` bytes. If it
    /// transferred fewer and the poller is edge-triggered, the readiness is cleared.
    pub(crate) fn poll_stream(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wanted: usize,
        mut operation: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let (outcome, event) = ready!(self.poll_tried(cx, direction, &mut operation));
        if let (Ok(moved), Some(event)) = (&outcome, event) {
            if crate::sys::EDGE_TRIGGERED && (1..wanted).contains(moved) && !event.is_urgent() {
                self.clear(event);
                self.record_wait();
            }
        }
        Poll::Ready(outcome)
    }

    /// The outcome of `operation` once it did not block, and the readiness that was seen before, if any.
    #[inline]
    fn poll_tried<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        operation: &mut (impl FnMut() -> io::Result<R> + ?Sized),
    ) -> Poll<(io::Result<R>, Option<ReadyEvent>)> {
        let unit = ready!(coop::poll_proceed(cx));
        loop {
            let event = ready!(self.slot().poll(direction, cx));
            if event.is_shutdown() {
                return Poll::Ready((Err(shutdown_error()), None));
            }
            match retry_interrupted(operation) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if let Err(refused) = self.would_block(event) {
                        return Poll::Ready((Err(refused), None));
                    }
                }
                outcome => {
                    unit.made_progress();
                    return Poll::Ready((outcome, Some(event)));
                }
            }
        }
    }

    /// Whether the source is thought ready for any of `interest`.
    #[cfg(all(test, unix, feature = "net"))]
    pub(crate) fn is_ready(&self, interest: Interest) -> bool {
        !self.slot().peek(interest.mask()).ready.is_empty()
    }

    /// Calls `operation` once if the source is thought ready, or if it is not registered so that nobody knows;
    /// else returns `WouldBlock`. The operation may be foreign code, so that it is not called again if a signal
    /// interrupts it: for a system call pass [`retry_interrupted`].
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        let event = self.begin_try(interest)?;
        let outcome = operation();
        if let Err(error) = &outcome {
            self.end_try(event, error);
        }
        outcome
    }

    /// As [`try_io`](Self::try_io), for a system call.
    pub(crate) fn try_call<R>(
        &self,
        interest: Interest,
        call: &mut dyn FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.try_io(interest, || retry_interrupted(call))
    }

    /// The readiness for `interest`, or `WouldBlock` if there is none.
    fn begin_try(&self, interest: Interest) -> io::Result<ReadyEvent> {
        self.refresh_rare(interest)?;
        let event = self.slot().peek(interest.mask());
        if event.ready.is_empty() && event.is_registered() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(event)
    }

    /// An operation has failed that was tried since the source was thought ready.
    #[cold]
    fn end_try(&self, event: ReadyEvent, error: &io::Error) {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.clear(event);
        }
    }

    /// Waits for `interest`, as one of any number of waiters.
    pub(crate) async fn readiness(&self, interest: Interest) -> io::Result<ReadyEvent> {
        self.refresh()?;
        or_shutdown_error(Readiness::new(self.slot(), interest).await)
    }

    /// Calls `operation` until it does something else than block, waiting as one of any number of waiters;
    /// charges the budget for each outcome. As with [`try_io`](Self::try_io), for a system call pass
    /// [`retry_interrupted`].
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.refresh_rare(interest)?;
        loop {
            let event = or_shutdown_error(Readiness::new(self.slot(), interest).await)?;
            let unit = poll_fn(coop::poll_proceed).await;
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.would_block(event)?
                }
                outcome => {
                    unit.made_progress();
                    return outcome;
                }
            }
        }
    }

    /// Clears the readiness that `event` saw, except what a later event has confirmed.
    pub(crate) fn clear(&self, event: ReadyEvent) {
        self.slot().clear(event);
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

fn or_shutdown_error(event: ReadyEvent) -> io::Result<ReadyEvent> {
    if event.is_shutdown() {
        Err(shutdown_error())
    } else {
        Ok(event)
    }
}
