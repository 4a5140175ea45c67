//! Operations that the kernel completes by itself, and whose completions the poller reports: POSIX AIO of
//! FreeBSD.
//!
//! Idea        The program submits the operation; the driver only says where its completion is reported, the kqueue
//!             and a token. The token is the key of a slot, so that a completion is readiness like any other, and
//!             is ignored once the slot has another owner.
//! States      registered ─completion→ ready ─clear→ registered; any ─drop→ deregistered
//! Invariants  I1 `source` is `Some` until it is given away or dropped; it is deregistered before that.
//!             I2 the descriptor of the poller that the source was given stays open as long as the registration,
//!                also after the end of the runtime: an operation that is submitted then reports to nobody, and not
//!                to another program's poller.
//! Rejected    A kind of readiness of its own: no source has both, and the word of a slot has no bit to spare.
#![allow(unsafe_code)]

use std::io;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use crate::context;
use crate::driver::{Direction, ReadyEvent, Registration, SourceKind};

/// An operation, or a list of them, whose completion the system tells by a kevent.
///
/// One of the two methods that register is to be written; a source without either is refused by a panic
/// when it is registered.
pub trait AioSource {
    /// Makes completions be reported to the kqueue `kq`, with `token` as the event's user data.
    ///
    /// Called once, by [`Aio`], before the operation is submitted.
    ///
    /// # Panics
    /// Unless it is overridden.
    #[deprecated(note = "write `register_borrowed`, whose descriptor is open for certain")]
    fn register(&mut self, _kq: RawFd, _token: usize) {
        panic!("an `AioSource` implements `register_borrowed`, or `register`");
    }

    /// Makes completions be reported to the kqueue `kq`, with `token` as the event's user data.
    ///
    /// Called once, by [`Aio`], before the operation is submitted. Unless it is overridden, it calls
    /// [`register`](Self::register).
    fn register_borrowed(&mut self, kq: BorrowedFd<'_>, token: usize) {
        #[allow(deprecated, reason = "sources that know nothing of the newer method")]
        self.register(kq.as_raw_fd(), token);
    }

    /// Makes completions be reported to nobody any more; called once, before the source is dropped or given back.
    fn deregister(&mut self);
}

/// A source as mio registers it.
struct MioSource<'a, E>(&'a mut E);

impl<E: AioSource> Source for MioSource<'_, E> {
    fn register(&mut self, registry: &Registry, token: Token, _: Interest) -> io::Result<()> {
        // SAFETY: the poller's descriptor is open as long as its registry lives.
        let kq = unsafe { BorrowedFd::borrow_raw(registry.as_raw_fd()) };
        self.0.register_borrowed(kq, token.0);
        Ok(())
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.register(registry, token, interest)
    }

    fn deregister(&mut self, _registry: &Registry) -> io::Result<()> {
        self.0.deregister();
        Ok(())
    }
}

/// An operation of POSIX AIO that is registered with the driver.
///
/// The source inside is used through `Deref` and `DerefMut`, to submit it and to fetch the outcome. Only
/// FreeBSD tells completions by its kqueue, so only there is this.
///
/// # Cost
/// 64 bytes in the driver; nothing is allocated.
#[derive(Debug)]
pub struct Aio<E: AioSource> {
    registration: Registration,
    source: Option<E>,
}

// As of any source: its state is the system's.
impl<E: AioSource> UnwindSafe for Aio<E> {}
impl<E: AioSource> RefUnwindSafe for Aio<E> {}

impl<E: AioSource> Aio<E> {
    /// Registers `io` with the driver of the current runtime, for a single operation (`aio_read`, `aio_write`
    /// and their like).
    ///
    /// # Errors
    /// If the driver is full, or the runtime shuts down.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn new_for_aio(io: E) -> io::Result<Self> {
        Self::new(io)
    }

    /// Registers `io` with the driver of the current runtime, for a list of operations (`lio_listio`).
    ///
    /// # Errors
    /// If the driver is full, or the runtime shuts down.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn new_for_lio(io: E) -> io::Result<Self> {
        Self::new(io)
    }

    #[track_caller]
    fn new(mut source: E) -> io::Result<Self> {
        // The operation decides the kind of its completion: the poller does not know it beforehand.
        let (interest, driver) = (crate::async_io::Interest::READABLE, context::driver());
        let registered = &mut MioSource(&mut source);
        let registration = Registration::new(registered, SourceKind::Stream, interest, driver)?;
        Ok(Self {
            registration,
            source: Some(source),
        })
    }

    /// Takes back that the operation is complete, which `ev` reported, unless it was reported again since.
    ///
    /// `lio_listio` may tell of a list of which a part is complete: submit the rest again after this, and
    /// wait again. A source that is submitted again needs it as well; one that is used once does not. Without
    /// a further completion from the system, the next [`poll_ready`](Self::poll_ready) waits for ever.
    pub fn clear_ready(&self, ev: AioEvent) {
        self.registration.clear(ev.0);
    }

    /// The source; the driver forgets it.
    pub fn into_inner(mut self) -> E {
        self.release().expect("taken only by value or in drop")
    }

    /// Waits, as a poll, until the operation is complete, whether it succeeded or not; only the task of the
    /// last call is woken. One that was not submitted is not complete.
    ///
    /// # Errors
    /// If the runtime shuts down; how the operation ended is for the source to say.
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<AioEvent>> {
        let event = self.registration.poll_ready(cx, Direction::Read);
        event.map_ok(AioEvent)
    }

    /// Deregisters and takes what is inside (I1).
    fn release(&mut self) -> Option<E> {
        let mut source = self.source.take()?;
        // Nothing in it can fail.
        let _ = self.registration.deregister(&mut MioSource(&mut source));
        Some(source)
    }
}

impl<E: AioSource> Deref for Aio<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.source
            .as_ref()
            .expect("taken only by value or in drop")
    }
}

impl<E: AioSource> DerefMut for Aio<E> {
    fn deref_mut(&mut self) -> &mut E {
        self.source
            .as_mut()
            .expect("taken only by value or in drop")
    }
}

impl<E: AioSource> Drop for Aio<E> {
    fn drop(&mut self) {
        drop(self.release());
    }
}

/// What [`Aio::poll_ready`] saw, for [`Aio::clear_ready`] to take back.
#[derive(Debug)]
pub struct AioEvent(ReadyEvent);

#[cfg(test)]
mod tests;
