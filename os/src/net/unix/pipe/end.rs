//! What both ends of a pipe have in common, written once.

/// How an end is made, waited for, and given away. It holds its `$source` in `self.io`, is registered for
/// `$interest`, and is read if `$to_read`. For the examples, `$name` is this end of a pipe of std's, or of ours.
macro_rules! pipe_end {
    ($end:ident, $source:ty, $interest:expr, $to_read:literal, $name:ident) => {
        impl $end {
            #[track_caller]
            #[inline]
            pub(super) fn from_mio(pipe: $source) -> std::io::Result<Self> {
                Ok(Self {
                    io: crate::source::Evented::with_interest(pipe, $interest)?,
                })
            }

            /// Takes over a pipe that was opened as a file, and puts it into non-blocking mode.
            ///
            /// # Errors
            /// If it is no pipe, or was opened for the other way; if the driver does not take it.
            ///
            /// # Panics
            /// Outside of a runtime with I/O enabled.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = concat!("use selkie::net::unix::pipe::{", stringify!($end), ", pipe};")]
            ///
            /// let (sender, receiver) = pipe()?;
            #[doc = concat!("let fd = ", stringify!($name), ".into_nonblocking_fd()?;")]
            #[doc = concat!("let ", stringify!($name), " = ", stringify!($end), "::from_file(std::fs::File::from(fd))?;")]
            /// sender.writable().await?;
            /// assert_eq!(sender.try_write(b"ping")?, 4);
            /// receiver.readable().await?;
            /// assert_eq!(receiver.try_read(&mut [0; 16])?, 4);
            /// # Ok(())
            /// # }
            /// ```
            #[track_caller]
            #[inline]
            pub fn from_file(file: std::fs::File) -> std::io::Result<Self> {
                Self::from_owned_fd(file.into())
            }

            /// Takes over a pipe, and puts it into non-blocking mode.
            ///
            /// # Errors
            /// If it is no pipe, or was opened for the other way; if the driver does not take it.
            ///
            /// # Panics
            /// Outside of a runtime with I/O enabled.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = concat!("use selkie::net::unix::pipe::{", stringify!($end), ", pipe};")]
            ///
            /// let (sender, receiver) = pipe()?;
            #[doc = concat!("let fd = ", stringify!($name), ".into_nonblocking_fd()?;")]
            #[doc = concat!("let ", stringify!($name), " = ", stringify!($end), "::from_owned_fd(fd)?;")]
            /// sender.writable().await?;
            /// assert_eq!(sender.try_write(b"ping")?, 4);
            /// receiver.readable().await?;
            /// assert_eq!(receiver.try_read(&mut [0; 16])?, 4);
            /// # Ok(())
            /// # }
            /// ```
            #[track_caller]
            #[inline]
            pub fn from_owned_fd(owned_fd: std::os::fd::OwnedFd) -> std::io::Result<Self> {
                Self::from_owned_fd_unchecked($crate::net::unix::pipe::check::ready_end(
                    owned_fd, $to_read,
                )?)
            }

            /// Takes over what should be this end of a pipe, in non-blocking mode.
            ///
            /// # Errors
            /// If the driver does not take it.
            ///
            /// # Panics
            /// Outside of a runtime with I/O enabled.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = concat!("use selkie::net::unix::pipe::{", stringify!($end), ", pipe};")]
            ///
            /// let (sender, receiver) = pipe()?;
            #[doc = concat!("let fd = ", stringify!($name), ".into_nonblocking_fd()?;")]
            #[doc = concat!("let ", stringify!($name), " = ", stringify!($end), "::from_file_unchecked(std::fs::File::from(fd))?;")]
            /// sender.writable().await?;
            /// assert_eq!(sender.try_write(b"ping")?, 4);
            /// receiver.readable().await?;
            /// assert_eq!(receiver.try_read(&mut [0; 16])?, 4);
            /// # Ok(())
            /// # }
            /// ```
            #[track_caller]
            #[inline]
            pub fn from_file_unchecked(file: std::fs::File) -> std::io::Result<Self> {
                Self::from_owned_fd_unchecked(file.into())
            }

            /// Takes over what should be this end of a pipe, in non-blocking mode.
            ///
            /// # Errors
            /// If the driver does not take it.
            ///
            /// # Panics
            /// Outside of a runtime with I/O enabled.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = concat!("use selkie::net::unix::pipe::{", stringify!($end), ", pipe};")]
            ///
            /// let (sender, receiver) = pipe()?;
            #[doc = concat!("let fd = ", stringify!($name), ".into_nonblocking_fd()?;")]
            #[doc = concat!("let ", stringify!($name), " = ", stringify!($end), "::from_owned_fd_unchecked(fd)?;")]
            /// sender.writable().await?;
            /// assert_eq!(sender.try_write(b"ping")?, 4);
            /// receiver.readable().await?;
            /// assert_eq!(receiver.try_read(&mut [0; 16])?, 4);
            /// # Ok(())
            /// # }
            /// ```
            #[track_caller]
            #[inline]
            pub fn from_owned_fd_unchecked(
                owned_fd: std::os::fd::OwnedFd,
            ) -> std::io::Result<Self> {
                Self::from_mio(<$source>::from(owned_fd))
            }

            /// Waits until the pipe is ready for any of `interest`, and returns for which.
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
            /// use selkie::io::Interest;
            /// use selkie::net::unix::pipe::pipe;
            ///
            /// let (sender, receiver) = pipe()?;
            /// sender.writable().await?;
            /// sender.try_write(b"ping")?;
            #[doc = concat!("let ready = ", stringify!($name), ".ready(Interest::READABLE | Interest::WRITABLE).await?;")]
            /// assert!(ready.is_readable() || ready.is_writable());
            /// # drop(receiver);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub async fn ready(
                &self,
                interest: crate::async_io::Interest,
            ) -> std::io::Result<crate::async_io::Ready> {
                self.io.ready(interest).await
            }

            /// Runs `f`, an operation on this pipe, if it is thought ready for it.
            ///
            /// When `f` returns `WouldBlock` the readiness is forgotten; so `f` must say so only if the pipe
            /// itself did.
            ///
            /// # Errors
            /// `WouldBlock` if the pipe is not thought ready; what `f` returns otherwise.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use std::io::ErrorKind;
            /// use selkie::net::unix::pipe::pipe;
            ///
            /// let (sender, receiver) = pipe()?;
            /// // What says that it would block is called again when the pipe is ready.
            #[doc = concat!("let outcome = ", stringify!($name), ".try_io(|| Err::<(), _>(ErrorKind::WouldBlock.into()));")]
            /// assert_eq!(outcome.unwrap_err().kind(), ErrorKind::WouldBlock);
            /// # drop((sender, receiver));
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn try_io<R>(&self, f: impl FnOnce() -> std::io::Result<R>) -> std::io::Result<R> {
                self.io.registration().try_io($interest, f)
            }

            /// The pipe, in blocking mode.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use std::process::Stdio;
            /// use selkie::net::unix::pipe::pipe;
            ///
            /// let (sender, receiver) = pipe()?;
            /// // A child process waits where a task would be woken.
            #[doc = concat!("let stdio = Stdio::from(", stringify!($name), ".into_blocking_fd()?);")]
            /// # drop(stdio);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn into_blocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
                let fd = self.into_nonblocking_fd()?;
                crate::sys::set_nonblocking(std::os::fd::AsFd::as_fd(&fd), false)?;
                Ok(fd)
            }

            /// The pipe, still in non-blocking mode.
            ///
            /// # Errors
            /// If it cannot be deregistered.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            #[doc = concat!("use selkie::net::unix::pipe::{", stringify!($end), ", pipe};")]
            ///
            /// let (sender, receiver) = pipe()?;
            #[doc = concat!("let fd = ", stringify!($name), ".into_nonblocking_fd()?;")]
            /// // For another runtime, which takes it as it is.
            #[doc = concat!("assert!(", stringify!($end), "::from_owned_fd_unchecked(fd).is_ok());")]
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn into_nonblocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
                self.io.into_inner().map(std::os::fd::OwnedFd::from)
            }
        }

        impl std::os::fd::AsRawFd for $end {
            #[inline]
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.io.as_raw_fd()
            }
        }

        impl std::os::fd::AsFd for $end {
            #[inline]
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.io.as_fd()
            }
        }
    };
}

pub(super) use pipe_end;
