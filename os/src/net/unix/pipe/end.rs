//! What both ends of a pipe have in common, written once.

/// How an end is made, waited for, and given away. It holds its `$source` in `self.io`, is registered for
/// `$interest`, and is read if `$to_read`.
macro_rules! pipe_end {
    ($end:ident, $source:ty, $interest:expr, $to_read:literal) => {
        impl $end {
            #[track_caller]
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
            #[track_caller]
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
            #[track_caller]
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
            #[track_caller]
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
            #[track_caller]
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
            pub fn try_io<R>(&self, f: impl FnOnce() -> std::io::Result<R>) -> std::io::Result<R> {
                self.io.registration().try_io($interest, f)
            }

            /// The pipe, in blocking mode.
            ///
            /// # Errors
            /// What the system reports.
            pub fn into_blocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
                let fd = self.into_nonblocking_fd()?;
                crate::sys::set_nonblocking(std::os::fd::AsFd::as_fd(&fd), false)?;
                Ok(fd)
            }

            /// The pipe, still in non-blocking mode.
            ///
            /// # Errors
            /// If it cannot be deregistered.
            pub fn into_nonblocking_fd(self) -> std::io::Result<std::os::fd::OwnedFd> {
                self.io.into_inner().map(std::os::fd::OwnedFd::from)
            }
        }

        impl std::os::fd::AsRawFd for $end {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.io.as_raw_fd()
            }
        }

        impl std::os::fd::AsFd for $end {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.io.as_fd()
            }
        }
    };
}

pub(super) use pipe_end;
