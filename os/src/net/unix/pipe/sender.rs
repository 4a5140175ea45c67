//! The end of a pipe that is written.

use std::fs::File;
use std::io::{self, IoSlice, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use mio::unix::pipe as mio_pipe;

use super::check::ready_end;
use crate::io::{AsyncWrite, Interest, Ready};
use crate::source::Evented;
use crate::sys;

/// The end of a pipe that is written; the reader sees the end when it drops.
#[derive(Debug)]
pub struct Sender {
    pub(in crate::net) io: Evented<mio_pipe::Sender>,
}

impl Sender {
    #[track_caller]
    pub(super) fn from_mio(pipe: mio_pipe::Sender) -> io::Result<Sender> {
        Ok(Self {
            io: Evented::with_interest(pipe, Interest::WRITABLE)?,
        })
    }

    /// Takes over a pipe that was opened as a file, and puts it into non-blocking mode.
    ///
    /// # Errors
    /// If it is no pipe, or cannot be written; if the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Sender> {
        Self::from_owned_fd(file.into())
    }

    /// Takes over a pipe, and puts it into non-blocking mode.
    ///
    /// # Errors
    /// If it is no pipe, or cannot be written; if the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Sender> {
        Self::from_owned_fd_unchecked(ready_end(owned_fd, false)?)
    }

    /// Takes over what should be a pipe in non-blocking mode that can be written.
    ///
    /// # Errors
    /// If the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Sender> {
        Self::from_owned_fd_unchecked(file.into())
    }

    /// Takes over what should be a pipe in non-blocking mode that can be written.
    ///
    /// # Errors
    /// If the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Sender> {
        Self::from_mio(mio_pipe::Sender::from(owned_fd))
    }

    /// Waits until the pipe is ready for any of `interest`, and says for which.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        self.io.ready(interest).await
    }

    /// Waits until there is room to write, or nobody reads any more.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn writable(&self) -> io::Result<()> {
        self.ready(Interest::WRITABLE).await.map(drop)
    }

    /// As [`writable`](Self::writable), as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// If the runtime shuts down.
    pub fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Runs `f`, a write to this pipe, if it is thought ready to be written.
    ///
    /// # Errors
    /// Would-block if it is not thought ready; what `f` returns otherwise.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.registration().try_io(Interest::WRITABLE, f)
    }

    /// Writes as much of `buf` as there is room for, and says how much.
    ///
    /// # Errors
    /// Would-block if there is no room; what the system says otherwise.
    pub fn try_write(&self, buf: &[u8]) -> io::Result<usize> {
        self.io
            .try_call(Interest::WRITABLE, || (&*self.io).write(buf))
    }

    /// Writes as much of several buffers, in order, as there is room for.
    ///
    /// # Errors
    /// Would-block if there is no room; what the system says otherwise.
    pub fn try_write_vectored(&self, buf: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io
            .try_call(Interest::WRITABLE, || (&*self.io).write_vectored(buf))
    }

    /// The pipe, in blocking mode.
    ///
    /// # Errors
    /// What the system says.
    pub fn into_blocking_fd(self) -> io::Result<OwnedFd> {
        let fd = self.into_nonblocking_fd()?;
        sys::set_nonblocking(fd.as_fd(), false)?;
        Ok(fd)
    }

    /// The pipe, still in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not let go of it.
    pub fn into_nonblocking_fd(self) -> io::Result<OwnedFd> {
        self.io.into_inner().map(OwnedFd::from)
    }
}

impl AsyncWrite for Sender {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // A pipe holds nothing back.
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // It closes when it drops.
    }
}

impl AsRawFd for Sender {
    fn as_raw_fd(&self) -> RawFd {
        self.io.as_raw_fd()
    }
}

impl AsFd for Sender {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}
