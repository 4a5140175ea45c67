//! The guards that `AsyncFd` returns: a descriptor that is thought ready.
//!
//! Idea        Waiting for a descriptor returns a guard. Its holder tries the operation; if that would block, the
//!             guard clears the readiness that it saw, and nothing that came later.

use std::fmt;
use std::io;
use std::os::fd::AsRawFd;
use std::task::{Context, Poll, ready};

use super::async_fd::AsyncFd;
use crate::async_io::{Interest, Ready};
use crate::driver::{Direction, ReadyEvent};

/// The operation would have blocked; the readiness was cleared.
#[derive(Debug)]
pub struct TryIoError(());

/// A descriptor that is thought ready, shared.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::io::{ErrorKind, Read, Write};
/// use std::os::unix::net::UnixStream;
/// use selkie::io::unix::AsyncFd;
///
/// let (mut ours, theirs) = UnixStream::pair()?;
/// theirs.set_nonblocking(true)?;
/// // SAFETY: a socket has one descriptor for as long as it lives.
/// let theirs = unsafe { AsyncFd::register(theirs) }?;
/// ours.write_all(b"x")?;
/// let mut guard = theirs.readable().await?;
/// let mut buffer = [0; 16];
/// assert_eq!(theirs.get_ref().read(&mut buffer)?, 1);
/// // There is no more: whoever waits next waits for the next event.
/// assert_eq!(theirs.get_ref().read(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
/// guard.clear_ready();
/// # Ok(())
/// # }
/// ```
#[must_use = "clear the readiness when the operation would block, or waiting returns at once"]
pub struct AsyncFdReadyGuard<'a, T: AsRawFd> {
    fd: &'a AsyncFd<T>,
    event: Option<ReadyEvent>,
}

/// A descriptor that is thought ready, exclusive.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
/// use selkie::io::unix::{AsyncFd, AsyncFdReadyMutGuard};
///
/// fn read_byte(guard: &mut AsyncFdReadyMutGuard<'_, UnixStream>) -> std::io::Result<u8> {
///     let mut byte = [0];
///     guard.get_inner_mut().read_exact(&mut byte)?;
///     Ok(byte[0])
/// }
///
/// let (mut ours, theirs) = UnixStream::pair()?;
/// theirs.set_nonblocking(true)?;
/// // SAFETY: a socket has one descriptor for as long as it lives.
/// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
/// ours.write_all(b"x")?;
/// assert_eq!(read_byte(&mut theirs.readable_mut().await?)?, b'x');
/// # Ok(())
/// # }
/// ```
#[must_use = "clear the readiness when the operation would block, or waiting returns at once"]
pub struct AsyncFdReadyMutGuard<'a, T: AsRawFd> {
    fd: &'a mut AsyncFd<T>,
    event: Option<ReadyEvent>,
}

/// `$ready` is the method that returns the guard, for the examples.
macro_rules! guard_methods {
    ($ready:ident) => {
        /// Marks the descriptor as not ready for anything that it was thought ready for.
        ///
        /// Call this after an operation returned `WouldBlock`, and only then: a later readiness is not
        /// reported again otherwise. What was reported in between stays.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::{Read, Write};
        /// use std::os::unix::net::UnixStream;
        /// use selkie::io::{Interest, Ready, unix::AsyncFd};
        ///
        /// let (mut ours, theirs) = UnixStream::pair()?;
        /// theirs.set_nonblocking(true)?;
        /// // SAFETY: a socket has one descriptor for as long as it lives.
        /// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
        /// ours.write_all(b"x")?;
        #[doc = concat!("let mut guard = theirs.", stringify!($ready), "(Interest::READABLE).await?;")]
        /// let mut buffer = [0; 16];
        /// let mut socket: &UnixStream = guard.get_inner();
        /// assert_eq!(socket.read(&mut buffer)?, 1);
        /// let drained = socket.read(&mut buffer);
        /// assert!(drained.is_err(), "it would block");
        /// guard.clear_ready();
        /// assert!(!guard.ready().is_readable());
        /// # Ok(())
        /// # }
        /// ```
        pub fn clear_ready(&mut self) {
            if let Some(event) = self.event.take() {
                self.fd.registration.clear(event);
            }
        }

        /// As [`clear_ready`](Self::clear_ready), for the kinds in `ready` alone.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::{Read, Write};
        /// use std::os::unix::net::UnixStream;
        /// use selkie::io::{Interest, Ready, unix::AsyncFd};
        ///
        /// let (mut ours, theirs) = UnixStream::pair()?;
        /// theirs.set_nonblocking(true)?;
        /// // SAFETY: a socket has one descriptor for as long as it lives.
        /// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
        /// ours.write_all(b"x")?;
        #[doc = concat!("let mut guard = theirs.", stringify!($ready), "(Interest::READABLE).await?;")]
        /// // Reading would block by now, and nothing is known of writing.
        /// guard.clear_ready_matching(Ready::READABLE);
        /// assert!(!guard.ready().is_readable());
        /// # Ok(())
        /// # }
        /// ```
        pub fn clear_ready_matching(&mut self, ready: Ready) {
            if let Some(event) = &mut self.event {
                let mut cleared = *event;
                cleared.ready = event.ready & ready;
                self.fd.registration.clear(cleared);
                event.ready = event.ready - ready;
            }
        }

        /// Leaves the readiness as it is; the guard may as well be dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::{Read, Write};
        /// use std::os::unix::net::UnixStream;
        /// use selkie::io::{Interest, Ready, unix::AsyncFd};
        ///
        /// let (mut ours, theirs) = UnixStream::pair()?;
        /// theirs.set_nonblocking(true)?;
        /// // SAFETY: a socket has one descriptor for as long as it lives.
        /// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
        /// ours.write_all(b"x")?;
        #[doc = concat!("let mut guard = theirs.", stringify!($ready), "(Interest::READABLE).await?;")]
        /// // Something is left to read: the next wait returns at once.
        /// guard.retain_ready();
        /// drop(guard);
        #[doc = concat!("assert!(theirs.", stringify!($ready), "(Interest::READABLE).await?.ready().is_readable());")]
        /// # Ok(())
        /// # }
        /// ```
        pub fn retain_ready(&mut self) {}

        /// What the descriptor is thought ready for.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use std::io::{Read, Write};
        /// use std::os::unix::net::UnixStream;
        /// use selkie::io::{Interest, Ready, unix::AsyncFd};
        ///
        /// let (mut ours, theirs) = UnixStream::pair()?;
        /// theirs.set_nonblocking(true)?;
        /// // SAFETY: a socket has one descriptor for as long as it lives.
        /// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
        /// ours.write_all(b"x")?;
        #[doc = concat!("let mut guard = theirs.", stringify!($ready), "(Interest::READABLE).await?;")]
        /// assert!(guard.ready().is_readable());
        /// # Ok(())
        /// # }
        /// ```
        pub fn ready(&self) -> Ready {
            self.event
                .as_ref()
                .map_or(Ready::EMPTY, |event| event.ready)
        }

        fn clear_if_would_block<R>(
            &mut self,
            outcome: io::Result<R>,
        ) -> Result<io::Result<R>, TryIoError> {
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear_ready();
                    Err(TryIoError(()))
                }
                outcome => Ok(outcome),
            }
        }
    };
}

impl<'a, Inner: AsRawFd> AsyncFdReadyGuard<'a, Inner> {
    guard_methods!(ready);

    /// Runs `f`, and clears the readiness if it returns `WouldBlock`.
    ///
    /// # Errors
    /// [`TryIoError`] if it did.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Read;
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::{Interest, unix::AsyncFd};
    ///
    /// let (_ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let theirs = unsafe { AsyncFd::register(theirs) }?;
    /// let mut guard = theirs.ready(Interest::WRITABLE).await?;
    /// // Nothing was there: the outer error says that it would block.
    /// assert!(guard.try_io(|socket| socket.get_ref().read(&mut [0])).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<Inner>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let outcome = f(self.fd);
        self.clear_if_would_block(outcome)
    }

    /// The registered descriptor.
    pub fn get_ref(&self) -> &'a AsyncFd<Inner> {
        self.fd
    }

    /// What is registered.
    pub fn get_inner(&self) -> &'a Inner {
        self.fd.get_ref()
    }
}

impl<Inner: AsRawFd> AsyncFdReadyMutGuard<'_, Inner> {
    guard_methods!(ready_mut);

    /// Runs `f`, and clears the readiness if it returns `WouldBlock`.
    ///
    /// # Errors
    /// [`TryIoError`] if it did.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::unix::AsyncFd;
    ///
    /// let (mut ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
    /// ours.write_all(b"abc")?;
    /// let mut guard = theirs.readable_mut().await?;
    /// let mut buffer = [0; 3];
    /// let outcome = guard.try_io(|socket| socket.get_mut().read(&mut buffer));
    /// assert_eq!(outcome.expect("something was there")?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<Inner>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let outcome = f(self.fd);
        self.clear_if_would_block(outcome)
    }

    /// The registered descriptor.
    pub fn get_ref(&self) -> &AsyncFd<Inner> {
        self.fd
    }

    /// The registered descriptor, to change.
    pub fn get_mut(&mut self) -> &mut AsyncFd<Inner> {
        self.fd
    }

    /// What is registered.
    pub fn get_inner(&self) -> &Inner {
        self.fd.get_ref()
    }

    /// What is registered, to change.
    pub fn get_inner_mut(&mut self) -> &mut Inner {
        self.fd.get_mut()
    }
}

impl<T: AsRawFd> AsyncFd<T> {
    /// Waits until the descriptor is ready for any of `interest`.
    ///
    /// Many tasks may wait at once.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::{Interest, unix::AsyncFd};
    ///
    /// let (ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let theirs = unsafe { AsyncFd::register(theirs) }?;
    /// drop(ours);
    /// let guard = theirs.ready(Interest::READABLE).await?;
    /// assert!(guard.ready().is_read_closed());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let event = self.event(interest).await?;
        Ok(AsyncFdReadyGuard {
            fd: self,
            event: Some(event),
        })
    }

    /// As [`ready`](Self::ready), with the exclusive reference.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
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
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
    /// let guard = theirs.ready_mut(Interest::WRITABLE).await?;
    /// assert!(guard.ready().is_writable());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready_mut(
        &mut self,
        interest: Interest,
    ) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        // The field alone: a shared reference to the whole would ask `T: Sync` of the future.
        let event = self.registration.readiness(interest).await?;
        Ok(AsyncFdReadyMutGuard {
            fd: self,
            event: Some(event),
        })
    }

    /// Waits until the descriptor is ready to be read.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::unix::AsyncFd;
    ///
    /// let (mut ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let theirs = unsafe { AsyncFd::register(theirs) }?;
    /// ours.write_all(b"x")?;
    /// let mut guard = theirs.readable().await?;
    /// let mut byte = [0];
    /// assert_eq!(guard.try_io(|socket| socket.get_ref().read(&mut byte)).unwrap()?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable<'a>(&'a self) -> io::Result<AsyncFdReadyGuard<'a, T>> {
        self.ready(Interest::READABLE).await
    }

    /// As [`readable`](Self::readable), with the exclusive reference.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::unix::AsyncFd;
    ///
    /// let (mut ours, theirs) = UnixStream::pair()?;
    /// theirs.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let mut theirs = unsafe { AsyncFd::register(theirs) }?;
    /// ours.write_all(b"x")?;
    /// let mut guard = theirs.readable_mut().await?;
    /// let mut byte = [0];
    /// assert_eq!(guard.try_io(|socket| socket.get_mut().read(&mut byte)).unwrap()?, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn readable_mut<'a>(&'a mut self) -> io::Result<AsyncFdReadyMutGuard<'a, T>> {
        self.ready_mut(Interest::READABLE).await
    }

    /// Waits until the descriptor is ready to be written.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::unix::AsyncFd;
    ///
    /// let (ours, _theirs) = UnixStream::pair()?;
    /// ours.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let ours = unsafe { AsyncFd::register(ours) }?;
    /// let mut guard = ours.writable().await?;
    /// assert_eq!(guard.try_io(|socket| socket.get_ref().write(b"ping")).unwrap()?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable<'a>(&'a self) -> io::Result<AsyncFdReadyGuard<'a, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// As [`writable`](Self::writable), with the exclusive reference.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    /// use selkie::io::unix::AsyncFd;
    ///
    /// let (ours, _theirs) = UnixStream::pair()?;
    /// ours.set_nonblocking(true)?;
    /// // SAFETY: a socket has one descriptor for as long as it lives.
    /// let mut ours = unsafe { AsyncFd::register(ours) }?;
    /// let mut guard = ours.writable_mut().await?;
    /// assert_eq!(guard.try_io(|socket| socket.get_mut().write(b"ping")).unwrap()?, 4);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn writable_mut<'a>(&'a mut self) -> io::Result<AsyncFdReadyMutGuard<'a, T>> {
        self.ready_mut(Interest::WRITABLE).await
    }

    fn poll_guard<'a>(
        &'a self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        let event = ready!(self.poll_event(cx, direction))?;
        Poll::Ready(Ok(AsyncFdReadyGuard {
            fd: self,
            event: Some(event),
        }))
    }

    fn poll_guard_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
        direction: Direction,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        let event = ready!(self.poll_event(cx, direction))?;
        Poll::Ready(Ok(AsyncFdReadyMutGuard {
            fd: self,
            event: Some(event),
        }))
    }

    /// Waits until the descriptor is ready to be read, as a poll; only the task of the last call
    /// is woken.
    ///
    /// # Errors
    /// If the runtime shuts down.
    pub fn poll_read_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        self.poll_guard(cx, Direction::Read)
    }

    /// As [`poll_read_ready`](Self::poll_read_ready), with the exclusive reference.
    ///
    /// # Errors
    /// If the runtime shuts down.
    pub fn poll_read_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        self.poll_guard_mut(cx, Direction::Read)
    }

    /// Waits until the descriptor is ready to be written, as a poll; only the task of the last
    /// call is woken.
    ///
    /// # Errors
    /// If the runtime shuts down.
    pub fn poll_write_ready<'a>(
        &'a self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'a, T>>> {
        self.poll_guard(cx, Direction::Write)
    }

    /// As [`poll_write_ready`](Self::poll_write_ready), with the exclusive reference.
    ///
    /// # Errors
    /// If the runtime shuts down.
    pub fn poll_write_ready_mut<'a>(
        &'a mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'a, T>>> {
        self.poll_guard_mut(cx, Direction::Write)
    }
}

impl<T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFdReadyGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyGuard")
            .field("async_fd", self.fd)
            .field("ready", &self.ready())
            .finish()
    }
}

impl<T: fmt::Debug + AsRawFd> fmt::Debug for AsyncFdReadyMutGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyMutGuard")
            .field("async_fd", self.fd)
            .field("ready", &self.ready())
            .finish()
    }
}
