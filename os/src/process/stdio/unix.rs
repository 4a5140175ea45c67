//! The pipes between a process and its child.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use mio::unix::pipe;

use crate::async_io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use crate::source::Evented;
use crate::sys;

/// The child's input; the child sees the end when this drops.
#[derive(Debug)]
pub struct ChildStdin {
    io: Evented<pipe::Sender>,
}

/// The child's output.
#[derive(Debug)]
pub struct ChildStdout {
    io: Evented<pipe::Receiver>,
}

/// The child's error output.
#[derive(Debug)]
pub struct ChildStderr {
    io: Evented<pipe::Receiver>,
}

macro_rules! pipe_end {
    ($end:ident, $interest:ident) => {
        impl $end {
            /// Takes over a pipe of std's, and puts it into non-blocking mode.
            ///
            /// # Errors
            /// If the driver does not take it.
            ///
            /// # Panics
            /// Outside of a runtime with I/O enabled.
            #[track_caller]
            pub fn from_std(inner: std::process::$end) -> io::Result<Self> {
                let fd = OwnedFd::from(inner);
                sys::set_nonblocking(fd.as_fd(), true)?;
                Ok(Self {
                    io: Evented::with_interest(fd.into(), Interest::$interest)?,
                })
            }

            /// The pipe, in blocking mode.
            ///
            /// # Errors
            /// What the system reports.
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                let fd = OwnedFd::from(self.io.into_inner()?);
                sys::set_nonblocking(fd.as_fd(), false)?;
                Ok(fd)
            }
        }

        impl TryInto<Stdio> for $end {
            type Error = io::Error;

            fn try_into(self) -> io::Result<Stdio> {
                self.into_owned_fd().map(Stdio::from)
            }
        }

        impl AsRawFd for $end {
            fn as_raw_fd(&self) -> RawFd {
                self.io.as_raw_fd()
            }
        }

        impl AsFd for $end {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.io.as_fd()
            }
        }
    };
}

pipe_end!(ChildStdin, WRITABLE);
pipe_end!(ChildStdout, READABLE);
pipe_end!(ChildStderr, READABLE);

macro_rules! read_end {
    ($end:ident) => {
        impl AsyncRead for $end {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let read = |pipe: &pipe::Receiver, free: &mut [_]| sys::read(pipe.as_fd(), free);
                self.io.poll_read_packet(cx, buf, read).map_ok(drop)
            }
        }
    };
}

read_end!(ChildStdout);
read_end!(ChildStderr);

impl AsyncWrite for ChildStdin {
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
