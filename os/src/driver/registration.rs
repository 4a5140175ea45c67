//! One source's place in the driver.
//!
//! Idea        An index into the driver's slots, and the driver's handle that keeps them alive.
//!             Operations follow one protocol: look at the readiness, try, and on would-block clear
//!             what was seen and wait. A deferred source is made known to the poller at the first
//!             would-block, or when somebody asks what it is ready for, which the system is then asked, too:
//!             until then there is nothing to look at but what was assumed, and operations are just tried.
//! Invariants  I1 the slot belongs to this registration until `Drop`; it stays where it is as long as
//!                the driver's slots live, which the handle sees to.
//!             I2 the poller is told to forget the source before the registration drops, by
//!                whoever owns both.
//!                A deferred source that nobody else holds may be closed instead: the poller
//!                forgets it with that.
#![allow(unsafe_code)]

use std::future::poll_fn;
use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};
use std::task::{Context, Poll, ready};

use mio::Registry;
use mio::event::Source;
use selkie_core::coop;

use super::error::{forked_error, shutdown_error};
use super::handle::Handle;
use super::poller::{answered, ask};
use super::reactors::PendingNotify;
use super::readiness::Readiness;
use super::slot::{ReadyEvent, Slot};
use super::slots::{Carries, Place};
use super::uninterrupted::uninterrupted;
use super::waiters::Direction;
use crate::io::{Interest, Ready};
use crate::sys::DeferredSource;

/// One source's place in the driver; deregister the source before this drops.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(super) handle: Handle,
    slot: NonNull<Slot>,
    place: Place,
    pub(super) deferred: DeferredSource,
    /// The reactor that watches the source, once one does.
    reactor: AtomicU16,
    /// How often in a row the source was waited for on another reactor's worker.
    pub(super) elsewhere: AtomicU8,
}

// SAFETY: a slot is shared by many threads, and only shared references to it are made (I1).
unsafe impl Send for Registration {}
// SAFETY: as above.
unsafe impl Sync for Registration {}

/// What a deferred source is watched for: also for urgent data, at which a read of a stream ends early.
pub(super) const ALL: Interest = Interest::READABLE
    .add(Interest::WRITABLE)
    .add(Interest::PRIORITY);

impl Registration {
    /// Registers `source` with the driver of `handle`.
    pub(crate) fn new(
        source: &mut impl Source,
        carries: Carries,
        interest: Interest,
        handle: Handle,
    ) -> io::Result<Self> {
        let registration = Self::deferred(DeferredSource::NONE, carries, Ready::EMPTY, handle)?;
        registration.make_known(source, interest)?;
        Ok(registration)
    }

    /// A place for `deferred`, of which the poller is told when that is needed; until an operation finds
    /// otherwise it is thought ready for `assumed`.
    pub(crate) fn deferred(
        deferred: DeferredSource,
        carries: Carries,
        assumed: Ready,
        handle: Handle,
    ) -> io::Result<Self> {
        let index = handle.shared.slots.take(assumed)?;
        let slot = NonNull::from(handle.shared.slots.at(index));
        Ok(Self {
            handle,
            slot,
            place: Place::new(index, carries),
            deferred,
            reactor: AtomicU16::new(0),
            elsewhere: AtomicU8::new(0),
        })
    }

    /// Takes a source that the poller knows for ready for `assumed`, until an operation finds otherwise.
    pub(crate) fn assume(&self, assumed: Ready) {
        let slot = self.slot();
        slot.publish(slot.generation(), assumed);
    }

    /// Tells the poller of a deferred source, if that was not done; whether it was not.
    pub(crate) fn watch(&self) -> io::Result<bool> {
        if self.slot().is_watched() {
            return Ok(false);
        }
        let mut deferred = self.deferred;
        self.make_known(&mut deferred, ALL)
    }

    /// Has a reactor watch `source`, unless one does or the driver is gone; whether none did.
    fn make_known(&self, source: &mut impl Source, interest: Interest) -> io::Result<bool> {
        let shared = &*self.handle.shared;
        if !shared.is_same_process() {
            return Err(forked_error());
        }
        let mut pending = PendingNotify::NOBODY;
        let outcome = self.slot().watch(|| {
            let register =
                |registry: &Registry| registry.register(source, self.token(), ask(interest));
            let (watched, notify) = shared.reactors.watch(register);
            pending = notify;
            self.watched_by(watched?);
            Ok(())
        });
        shared.reactors.notify(pending);
        outcome
    }

    pub(super) fn token(&self) -> mio::Token {
        mio::Token(self.handle.shared.slots.key(self.place).0)
    }

    pub(super) fn watched_by(&self, reactor: usize) {
        // Relaxed: who changes it holds the waiters' lock, who drops this has it alone. In range: `Reactors` has no more.
        self.reactor.store(reactor as u16, Ordering::Relaxed);
    }

    pub(super) fn reactor(&self) -> usize {
        // Relaxed: as above; else a hint.
        usize::from(self.reactor.load(Ordering::Relaxed))
    }

    /// Sees to it that the readiness is known, and that changes of it will be told.
    fn learn(&self) -> io::Result<()> {
        if !self.watch()? {
            return Ok(());
        }
        // The poller tells at its next turn; who asks now wants to know now.
        if let Some(answer) = self.deferred.poll_now() {
            let slot = self.slot();
            slot.publish(slot.generation(), answered(answer, self.place.carries()));
        }
        Ok(())
    }

    /// What to do after an operation that saw `event` and would block.
    fn blocked(&self, event: ReadyEvent) -> io::Result<()> {
        if event.is_watched() {
            self.waited_here();
        } else {
            self.watch()?;
        }
        self.clear(event);
        Ok(())
    }

    /// As [`learn`](Self::learn), for an operation: one that reads or writes is tried to find out.
    #[inline]
    fn learn_rare(&self, interest: Interest) -> io::Result<()> {
        if interest.is_readable() || interest.is_writable() {
            return Ok(());
        }
        self.learn()
    }

    /// Makes the poller forget `source`.
    pub(crate) fn deregister(&self, source: &mut impl Source) -> io::Result<()> {
        if !self.handle.shared.is_same_process() {
            return Ok(()); // The poller is the parent's.
        }
        let reactor = self.handle.shared.reactors.at(self.reactor());
        let Some(registry) = reactor.registry().filter(|_| self.slot().is_watched()) else {
            return Ok(()); // None was ever told.
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
        // SAFETY: it is there for as long as this is (I1).
        unsafe { self.slot.as_ref() }
    }

    /// Waits for `direction` with the one waker it has; charges the budget.
    pub(crate) fn poll_ready(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        let unit = ready!(coop::poll_proceed(cx));
        self.learn()?;
        let event = ready!(self.slot().poll(direction, cx));
        unit.made_progress();
        Poll::Ready(alive(event))
    }

    /// Makes the system call `operation` until it does something else than block, waiting with the
    /// one waker of `direction`; any outcome costs a unit of budget, also a failure.
    pub(crate) fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        operation: impl FnMut() -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_tried(cx, direction, operation)
            .map(|(outcome, _)| outcome)
    }

    /// As [`poll_io`](Self::poll_io) for an operation on a stream that moves up to `wanted` bytes:
    /// if it moved fewer, and the poller tells of changes only, the readiness is used up.
    pub(crate) fn poll_stream(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        wanted: usize,
        operation: impl FnMut() -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let (outcome, event) = ready!(self.poll_tried(cx, direction, operation));
        if let (Ok(moved), Some(event)) = (&outcome, event) {
            if crate::sys::EDGE_TRIGGERED && (1..wanted).contains(moved) && !event.is_urgent() {
                self.clear(event);
                self.waited_here();
            }
        }
        Poll::Ready(outcome)
    }

    /// What `operation` did that was not to block, and the readiness that was seen before, if any.
    #[inline]
    fn poll_tried<R>(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> Poll<(io::Result<R>, Option<ReadyEvent>)> {
        let unit = ready!(coop::poll_proceed(cx));
        loop {
            let event = ready!(self.slot().poll(direction, cx));
            if event.is_shutdown() {
                return Poll::Ready((Err(shutdown_error()), None));
            }
            match uninterrupted(&mut operation) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if let Err(refused) = self.blocked(event) {
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

    /// Runs `operation` once if the source is thought ready, or nobody knows; else says would-block.
    pub(crate) fn try_io<R>(
        &self,
        interest: Interest,
        operation: impl FnOnce() -> io::Result<R>,
    ) -> io::Result<R> {
        self.learn_rare(interest)?;
        let event = self.slot().peek(interest.mask());
        if event.ready.is_empty() && event.is_watched() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let outcome = operation();
        if matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            self.clear(event);
        }
        outcome
    }

    /// As [`try_io`](Self::try_io), for a system call: one that a signal cuts short is made anew.
    pub(crate) fn try_call<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.try_io(interest, || uninterrupted(&mut operation))
    }

    /// As [`async_io`](Self::async_io), for a system call: one that a signal cuts short is made
    /// anew.
    pub(crate) async fn call<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.async_io(interest, || uninterrupted(&mut operation))
            .await
    }

    /// Waits for `interest`, beside any number of others.
    pub(crate) async fn readiness(&self, interest: Interest) -> io::Result<ReadyEvent> {
        self.learn()?;
        alive(Readiness::new(self.slot(), interest).await)
    }

    /// Runs `operation` until it does something else than block, waiting beside any number of
    /// others; charges the budget for each outcome.
    pub(crate) async fn async_io<R>(
        &self,
        interest: Interest,
        mut operation: impl FnMut() -> io::Result<R>,
    ) -> io::Result<R> {
        self.learn_rare(interest)?;
        loop {
            let event = alive(Readiness::new(self.slot(), interest).await)?;
            let unit = poll_fn(coop::poll_proceed).await;
            match operation() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.blocked(event)?,
                outcome => {
                    unit.made_progress();
                    return outcome;
                }
            }
        }
    }

    /// Forgets what `event` told, unless it was told again since.
    pub(crate) fn clear(&self, event: ReadyEvent) {
        self.slot().clear(event);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // In a process that was forked since, the slots' lock may have been held by a thread that is not here.
        if self.handle.shared.is_same_process() {
            if self.slot().is_watched() {
                let reactor = self.handle.shared.reactors.at(self.reactor());
                reactor.remove_source();
            }
            self.handle.shared.slots.give_back(self.place.index());
        }
    }
}

fn alive(event: ReadyEvent) -> io::Result<ReadyEvent> {
    if event.is_shutdown() {
        Err(shutdown_error())
    } else {
        Ok(event)
    }
}
