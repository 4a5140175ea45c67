//! The end of a pipe that is read.

use std::fs::File;
use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::BufMut;
use mio::unix::pipe as mio_pipe;

use super::check::ready_end;
use crate::io::{AsyncRead, Interest, ReadBuf, Ready};
use crate::source::{Evented, fill_with};
use crate::sys;

/// The end of a pipe that is read.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
///
/// let (mut sender, mut receiver) = selkie::net::unix::pipe::pipe()?;
/// sender.write_all(b"ahoy").await?;
/// drop(sender);
/// let mut text = String::new();
/// receiver.read_to_string(&mut text).await?;
/// assert_eq!(text, "ahoy");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct Receiver {
    pub(in crate::net) io: Evented<mio_pipe::Receiver>,
}

fn read_some(pipe: &mio_pipe::Receiver, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
    sys::read(pipe.as_fd(), free)
}

impl Receiver {
    #[track_caller]
    pub(super) fn from_mio(pipe: mio_pipe::Receiver) -> io::Result<Receiver> {
        Ok(Self {
            io: Evented::with_interest(pipe, Interest::READABLE)?,
        })
    }

    /// Takes over a pipe that was opened as a file, and puts it into non-blocking mode.
    ///
    /// # Errors
    /// If it is no pipe, or cannot be read; if the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<Receiver> {
        Self::from_owned_fd(file.into())
    }

    /// Takes over a pipe, and puts it into non-blocking mode.
    ///
    /// # Errors
    /// If it is no pipe, or cannot be read; if the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn from_owned_fd(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Self::from_owned_fd_unchecked(ready_end(owned_fd, true)?)
    }

    /// Takes over what should be a pipe in non-blocking mode that can be read.
    ///
    /// # Errors
    /// If the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn from_file_unchecked(file: File) -> io::Result<Receiver> {
        Self::from_owned_fd_unchecked(file.into())
    }

    /// Takes over what should be a pipe in non-blocking mode that can be read.
    ///
    /// # Errors
    /// If the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn from_owned_fd_unchecked(owned_fd: OwnedFd) -> io::Result<Receiver> {
        Self::from_mio(mio_pipe::Receiver::from(owned_fd))
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

    /// Waits until there is something to read, or the end.
    ///
    /// # Errors
    /// If the runtime shuts down.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(drop)
    }

    /// As [`readable`](Self::readable), as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// If the runtime shuts down.
    pub fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Runs `f`, a read of this pipe, if it is thought ready to be read.
    ///
    /// # Errors
    /// Would-block if it is not thought ready; what `f` returns otherwise.
    pub fn try_io<R>(&self, f: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        self.io.registration().try_io(Interest::READABLE, f)
    }

    /// Reads what is there into `buf` and says how much; zero is the end, if `buf` has room.
    ///
    /// # Errors
    /// Would-block if nothing is there; what the system says otherwise.
    pub fn try_read(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .try_call(Interest::READABLE, || (&*self.io).read(buf))
    }

    /// Reads what is there into several buffers in order, and says how much.
    ///
    /// # Errors
    /// Would-block if nothing is there; what the system says otherwise.
    pub fn try_read_vectored(&self, bufs: &mut [io::IoSliceMut<'_>]) -> io::Result<usize> {
        self.io
            .try_call(Interest::READABLE, || (&*self.io).read_vectored(bufs))
    }

    /// Appends what is there to `buf`, as far as it has room at hand, and says how much.
    ///
    /// # Errors
    /// Would-block if nothing is there; what the system says otherwise.
    pub fn try_read_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let read = || fill_with(buf, |free| Ok((read_some(&self.io, free)?, ())));
        Ok(self.io.try_call(Interest::READABLE, read)?.0)
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

impl AsyncRead for Receiver {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // A pipe may be in packet mode, so a short read does not mean that it is empty.
        self.io.poll_read_packet(cx, buf, read_some).map_ok(drop)
    }
}

impl AsRawFd for Receiver {
    fn as_raw_fd(&self) -> RawFd {
        self.io.as_raw_fd()
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.io.as_fd()
    }
}
