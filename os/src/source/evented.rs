//! A source with its registration.
//!
//! Idea        What sockets and pipes are made of. The source is registered when it is made, or when an operation
//!             would first block, and deregistered when it is dropped; the protocols of reading and writing are
//!             written here once.
//! Invariants  I1 the source is deregistered before it is given away, and before it is closed if its descriptor was
//!                exposed. A descriptor that was not exposed has no duplicate, except in a child process that
//!                closes it on exec, so closing it makes the poller forget it.
//! Rejected    To leave the deregistration to `close` always: with a duplicate of the descriptor the poller would
//!             go on reporting to a slot that belongs to another source.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice, Write};
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::{Context, Poll, ready};

use mio::event::Source;

use selkie_core::raw::platform::{AtomicBool, Ordering};

use crate::async_io::{Interest, ReadBuf, Ready, total_len};
use crate::context;
use crate::driver::{Direction, Handle, Registration, SourceKind, TransferCall, retry_call};
use crate::sys::{AsDeferredSource, DEFERS_REGISTRATION, SLICES_PER_CALL};

use super::fill::fill;

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// A source that is registered with a driver.
pub(crate) struct Evented<S: Source> {
    /// Closed before the registration ends.
    source: Option<S>,
    pub(super) registration: Registration,
    /// Whether the descriptor was exposed to code outside (I1).
    is_exposed: AtomicBool,
}

// An unwinding through an operation does no harm: the state of a source belongs to the system, and that of the
// driver is a slot, which is consistent for operations of any thread. The pipes of Windows have cells, which
// would say otherwise.
impl<S: Source> UnwindSafe for Evented<S> {}
impl<S: Source> RefUnwindSafe for Evented<S> {}

/// Reads into memory that need not be initialised; never returns more than fits, and has
/// initialised as much as it returns.
pub(crate) type ReadFunction<S> = fn(&S, &mut [MaybeUninit<u8>]) -> io::Result<usize>;

impl<S: Source> Evented<S> {
    /// Makes a source of the current runtime, for reading and writing, from `source`, which was made here. If
    /// its registration can be deferred, it is registered when an operation would first block, or when its
    /// readiness is asked for. It is assumed to be ready for `assumed` until an operation finds otherwise.
    ///
    /// # Panics
    /// Outside of a runtime, or if its I/O is not enabled.
    #[track_caller]
    pub(crate) fn new(mut source: S, kind: SourceKind, assumed: Ready) -> io::Result<Self>
    where
        S: AsDeferredSource,
    {
        let (deferred, driver) = (source.deferred_source(), context::driver());
        let registration = if DEFERS_REGISTRATION {
            Registration::deferred(deferred, kind, assumed, driver)?
        } else {
            let registration = Registration::new(&mut source, kind, BOTH, driver)?;
            registration.assume(assumed);
            registration
        };
        Ok(Self::with_registration(source, registration, false))
    }

    /// Registers `source`, which comes from outside: it may be in blocking mode, and have duplicates.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[track_caller]
    pub(crate) fn from_outside(
        mut source: S,
        kind: SourceKind,
        interest: Interest,
    ) -> io::Result<Self> {
        let registration = Registration::new(&mut source, kind, interest, context::driver())?;
        Ok(Self::with_registration(source, registration, true))
    }

    const fn with_registration(source: S, registration: Registration, is_exposed: bool) -> Self {
        Self {
            source: Some(source),
            registration,
            is_exposed: AtomicBool::new(is_exposed),
        }
    }

    /// Registers `source` with the driver of the current runtime, for `interest`.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[track_caller]
    pub(crate) fn with_interest(source: S, interest: Interest) -> io::Result<Self> {
        Self::with_handle(source, interest, context::driver())
    }

    /// Registers `source` with the driver of `handle`, for `interest`.
    pub(crate) fn with_handle(
        mut source: S,
        interest: Interest,
        handle: Handle,
    ) -> io::Result<Self> {
        let registration = Registration::new(&mut source, SourceKind::Stream, interest, handle)?;
        Ok(Self::with_registration(source, registration, false))
    }

    /// Registers `source`, a datagram socket, with the driver of the current runtime.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    #[track_caller]
    pub(crate) fn datagrams(mut source: S) -> io::Result<Self> {
        let driver = context::driver();
        let registration = Registration::new(&mut source, SourceKind::Datagram, BOTH, driver)?;
        Ok(Self::with_registration(source, registration, false))
    }

    /// The source, for code that may duplicate its descriptor.
    #[allow(
        dead_code,
        reason = "Windows' sockets are shown by handles of their own"
    )]
    pub(super) fn expose(&self) -> &S {
        // Relaxed: the thread that drops this got it from the thread that exposed it.
        self.is_exposed.store(true, Ordering::Relaxed);
        self
    }

    /// The registration with the driver.
    pub(crate) fn registration(&self) -> &Registration {
        &self.registration
    }

    /// Makes the system call `call` until it does something else than block; any number of tasks may wait.
    pub(crate) fn call<R>(
        &self,
        interest: Interest,
        mut call: impl FnMut() -> io::Result<R>,
    ) -> impl Future<Output = io::Result<R>> {
        self.registration
            .async_io(interest, move || retry_call(&mut call))
    }

    /// Deregisters the source and returns it.
    pub(crate) fn into_inner(mut self) -> io::Result<S> {
        let mut source = self.source.take().expect("taken only by value or in drop");
        self.registration.deregister(&mut source)?; // I1
        Ok(source)
    }

    /// Waits until the source is ready for `interest`.
    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        Ok(self.registration.readiness(interest).await?.ready)
    }

    /// Waits until the source is ready to be read, with the reader's one waker.
    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration
            .poll_ready(cx, Direction::Read)
            .map_ok(drop)
    }

    /// Waits until the source is ready to be written, with the writer's one waker.
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.registration
            .poll_ready(cx, Direction::Write)
            .map_ok(drop)
    }

    /// Reads into `buf` with `read`, from a byte stream on which a short read means that it is drained.
    pub(crate) fn poll_read_stream(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        read: ReadFunction<S>,
    ) -> Poll<io::Result<()>> {
        let wanted = buf.remaining();
        let n = ready!(
            self.registration
                .poll_stream(cx, Direction::Read, wanted, &mut || {
                    fill(buf, |free| read(self, free))
                })
        )?;
        debug_assert!(n <= wanted);
        Poll::Ready(Ok(()))
    }

    /// Writes `buf` to a byte stream.
    pub(crate) fn poll_write<'a>(
        &'a self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>>
    where
        &'a S: Write,
    {
        self.registration
            .poll_stream(cx, Direction::Write, buf.len(), &mut || {
                let mut source: &S = self;
                source.write(buf)
            })
    }

    /// Writes `bufs` to a byte stream.
    pub(crate) fn poll_write_vectored<'a>(
        &'a self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>
    where
        &'a S: Write,
    {
        let write: &mut TransferCall<'_> = &mut || {
            let mut source: &S = self;
            source.write_vectored(bufs)
        };
        self.registration
            .poll_stream(cx, Direction::Write, wanted_of(bufs), write)
    }
}

impl<S: Source> Deref for Evented<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        self.source
            .as_ref()
            .expect("taken only by value or in drop")
    }
}

impl<S: Source> Drop for Evented<S> {
    fn drop(&mut self) {
        if let Some(source) = &mut self.source {
            self.registration.end(source, *self.is_exposed.get_mut()); // I1
        }
    }
}

/// How many bytes one call that writes `bufs` may take: a call takes so many slices at most, and a count of only those
/// says nothing about room for the others.
fn wanted_of(bufs: &[IoSlice<'_>]) -> usize {
    total_len(&bufs[..bufs.len().min(SLICES_PER_CALL)])
}

impl<S: Source + fmt::Debug> fmt::Debug for Evented<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
