//! Any file descriptor as a source of readiness.
//!
//! Invariants  I1 `inner` is `Some` until the value is taken apart. It is deregistered before it is dropped or
//!                given away, even if dropping it panics.
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::task::{Context, Poll};

use mio::unix::SourceFd;

use super::register_error::AsyncFdRegisterError;
use crate::async_io::Interest;
use crate::context;
use crate::driver::{Direction, ReadyEvent, Registration, SourceKind};

/// A file descriptor whose readiness the driver watches.
///
/// The caller does the reading and writing itself, on a descriptor in non-blocking mode, and says
/// by a guard when it found that it would block: see
/// [`AsyncFdReadyGuard`](super::guards::AsyncFdReadyGuard).
///
/// # Cost
/// 64 bytes in the driver; nothing is allocated.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// use selkie::io::Interest;
/// use selkie::io::unix::AsyncFd;
///
/// let (mut near, far) = UnixStream::pair()?;
/// far.set_nonblocking(true)?;
/// // SAFETY: a `UnixStream` keeps its descriptor open.
/// let far = unsafe { AsyncFd::register(far) }?;
/// near.write_all(b"hi")?;
/// let mut buf = [0; 2];
/// let n = far.async_io(Interest::READABLE, |mut far| far.read(&mut buf)).await?;
/// assert_eq!(&buf[..n], b"hi");
/// # Ok(())
/// # })
/// # }
/// ```
pub struct AsyncFd<T: AsRawFd> {
    pub(super) registration: Registration,
    inner: Option<T>,
}

const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

impl<T: AsRawFd> AsyncFd<T> {
    /// Registers `inner` for reading and writing.
    ///
    /// # Errors
    /// If the driver does not take the descriptor: the poller knows nothing of files, for one.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[deprecated(note = "use `AsyncFd::register`, which names what the caller must promise")]
    #[track_caller]
    pub fn new(inner: T) -> io::Result<Self> {
        Self::make(inner, BOTH).map_err(io::Error::from)
    }

    /// Registers `inner` for `interest`.
    ///
    /// # Errors
    /// If the driver does not take the descriptor.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[deprecated(note = "use `AsyncFd::register_with_interest`")]
    #[track_caller]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<Self> {
        Self::make(inner, interest).map_err(io::Error::from)
    }

    /// As `new`, but the descriptor comes back with the error.
    ///
    /// # Errors
    /// If the driver does not take the descriptor.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[deprecated(note = "use `AsyncFd::register`")]
    #[track_caller]
    pub fn try_new(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::make(inner, BOTH)
    }

    /// As `with_interest`, but the descriptor comes back with the error.
    ///
    /// # Errors
    /// If the driver does not take the descriptor.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[deprecated(note = "use `AsyncFd::register_with_interest`")]
    #[track_caller]
    pub fn try_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::make(inner, interest)
    }

    #[track_caller]
    fn make(inner: T, interest: Interest) -> Result<Self, AsyncFdRegisterError<T>> {
        let handle = context::driver();
        let fd = inner.as_raw_fd();
        match Registration::new(&mut SourceFd(&fd), SourceKind::Stream, interest, handle) {
            Ok(registration) => Ok(Self {
                registration,
                inner: Some(inner),
            }),
            Err(cause) => Err(AsyncFdRegisterError { inner, cause }),
        }
    }

    /// What is registered.
    pub fn get_ref(&self) -> &T {
        self.inner.as_ref().expect("taken only by value or in drop")
    }

    /// What is registered, to change; it must keep its descriptor.
    pub fn get_mut(&mut self) -> &mut T {
        self.inner.as_mut().expect("taken only by value or in drop")
    }

    /// What was registered; the driver forgets it.
    pub fn into_inner(mut self) -> T {
        self.release().expect("taken only by value or in drop")
    }

    /// Deregisters and takes what is inside (I1).
    fn release(&mut self) -> Option<T> {
        let inner = self.inner.take()?;
        // An error means that the descriptor was closed, and forgotten with that.
        let _ = self
            .registration
            .deregister(&mut SourceFd(&inner.as_raw_fd()));
        Some(inner)
    }

    /// Runs `f`, an operation on the descriptor, until it does something else than block.
    ///
    /// # Errors
    /// What `f` returns other than `WouldBlock`, or that the runtime shuts down.
    ///
    /// # Cancel safety
    /// Between two runs of `f` nothing is held.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::{Interest, unix::AsyncFd};
    ///
    /// let (mut ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let theirs = unsafe { AsyncFd::register(theirs) }?;
    /// ours.write_all(b"ping")?;
    /// let mut buffer = [0; 16];
    /// // Waits and tries, as often as it takes.
    /// let length = theirs.async_io(Interest::READABLE, |mut socket| socket.read(&mut buffer)).await?;
    /// assert_eq!(&buffer[..length], b"ping");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration
            .async_io(interest, || f(self.get_ref()))
            .await
    }

    /// As [`async_io`](Self::async_io), with the exclusive reference.
    ///
    /// # Errors
    /// What `f` returns other than `WouldBlock`, or that the runtime shuts down.
    ///
    /// # Cancel safety
    /// Between two runs of `f` nothing is held.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::{Interest, unix::AsyncFd};
    ///
    /// let (mut ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
    /// ours.write_all(b"ping")?;
    /// let mut buffer = [0; 4];
    /// theirs.async_io_mut(Interest::READABLE, |socket| socket.read_exact(&mut buffer)).await?;
    /// assert_eq!(&buffer, b"ping");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let Self {
            registration,
            inner,
        } = self;
        let inner = inner.as_mut().expect("taken only by value or in drop");
        registration.async_io(interest, || f(inner)).await
    }

    /// Runs `f`, an operation on the descriptor, if it is thought ready for `interest`.
    ///
    /// # Errors
    /// `WouldBlock` if it is not thought ready; what `f` returns otherwise.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::{ErrorKind, Read};
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::{Interest, unix::AsyncFd};
    ///
    /// let (_ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let theirs = unsafe { AsyncFd::register(theirs) }?;
    /// let nothing = theirs.try_io(Interest::READABLE, |mut socket| socket.read(&mut [0]));
    /// assert_eq!(nothing.unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.registration.try_io(interest, || f(self.get_ref()))
    }

    /// As [`try_io`](Self::try_io), with the exclusive reference.
    ///
    /// # Errors
    /// `WouldBlock` if it is not thought ready; what `f` returns otherwise.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::{Interest, unix::AsyncFd};
    ///
    /// let (ours, _theirs) = UnixStream::pair()?;
    /// ours.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let mut ours = unsafe { AsyncFd::register(ours) }?;
    /// drop(ours.writable().await?);
    /// assert_eq!(ours.try_io_mut(Interest::WRITABLE, |socket| socket.write(b"ping"))?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let Self {
            registration,
            inner,
        } = self;
        let inner = inner.as_mut().expect("taken only by value or in drop");
        registration.try_io(interest, || f(inner))
    }

    pub(super) fn poll_event(
        &self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<ReadyEvent>> {
        self.registration.poll_ready(cx, direction)
    }

    pub(super) async fn event(&self, interest: Interest) -> io::Result<ReadyEvent> {
        self.registration.readiness(interest).await
    }
}

impl<T: AsRawFd> AsyncFd<T> {
    /// Registers `inner` for reading and writing.
    ///
    /// # Safety
    /// `inner` returns the same open descriptor each time it is asked, and keeps it open, for
    /// as long as this value lives.
    ///
    /// # Errors
    /// If the driver does not take the descriptor, which then comes back: the poller knows
    /// nothing of files, for one.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::unix::AsyncFd;
    ///
    /// // Anything with a descriptor that can be waited for; here a socket, as if its type were a library's.
    /// let (mut ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let theirs = unsafe { AsyncFd::register(theirs) }?;
    /// ours.write_all(b"ping")?;
    /// let mut buffer = [0; 16];
    /// let length = loop {
    ///     let mut guard = theirs.readable().await?;
    ///     // An error `WouldBlock` clears the readiness, and it is waited for again.
    ///     match guard.try_io(|socket| socket.get_ref().read(&mut buffer)) {
    ///         Ok(outcome) => break outcome?,
    ///         Err(_would_block) => continue,
    ///     }
    /// };
    /// assert_eq!(&buffer[..length], b"ping");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub unsafe fn register(inner: T) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::make(inner, BOTH)
    }

    /// Registers `inner` for `interest`.
    ///
    /// # Safety
    /// As for [`register`](Self::register).
    ///
    /// # Errors
    /// If the driver does not take the descriptor, which then comes back.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::{Interest, unix::AsyncFd};
    ///
    /// let (_ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // Only to be written: nothing that comes wakes the poller.
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let theirs = unsafe { AsyncFd::register_with_interest(theirs, Interest::WRITABLE) }?;
    /// assert!(theirs.writable().await?.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub unsafe fn register_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<Self, AsyncFdRegisterError<T>> {
        Self::make(inner, interest)
    }
}

impl<T: AsRawFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: who registered it promised that the descriptor stays open (`register`).
        unsafe { BorrowedFd::borrow_raw(self.as_raw_fd()) }
    }
}

impl<T: AsRawFd> AsRawFd for AsyncFd<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.get_ref().as_raw_fd()
    }
}

impl<T: AsRawFd> Drop for AsyncFd<T> {
    fn drop(&mut self) {
        drop(self.release());
    }
}

impl<T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd")
            .field("inner", &self.inner)
            .finish()
    }
}
