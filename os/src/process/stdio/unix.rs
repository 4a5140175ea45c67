//! The pipes between a process and its child.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use mio::event::Source;
use mio::unix::pipe;

use crate::async_io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use crate::source::Evented;
use crate::sys;

/// The child's input; the child sees the end when this drops.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::process::Stdio;
/// use selkie::io::AsyncWriteExt;
/// use selkie::process::{ChildStdin, Command};
///
/// async fn feed(mut input: ChildStdin) -> std::io::Result<()> {
///     input.write_all(b"one two three").await
/// }
///
/// let mut child = Command::new("wc").arg("-w").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
/// let feeder = selkie::spawn(feed(child.stdin.take().unwrap()));
/// let output = child.wait_with_output().await?;
/// feeder.await.unwrap()?;
/// assert_eq!(output.stdout.trim_ascii(), b"3");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStdin {
    io: Evented<pipe::Sender>,
}

/// The child's output.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::process::Stdio;
/// use selkie::io::AsyncReadExt;
/// use selkie::process::{ChildStdout, Command};
///
/// async fn length(mut output: ChildStdout) -> std::io::Result<usize> {
///     output.read_to_end(&mut Vec::new()).await
/// }
///
/// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
/// assert_eq!(length(child.stdout.take().unwrap()).await?, 6);
/// child.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStdout {
    io: Evented<pipe::Receiver>,
}

/// The child's error output.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::process::Stdio;
/// use selkie::io::AsyncReadExt;
/// use selkie::process::{ChildStderr, Command};
///
/// let mut child = Command::new("sh").args(["-c", "echo oops >&2"]).stderr(Stdio::piped()).spawn()?;
/// let mut errors: ChildStderr = child.stderr.take().unwrap();
/// let mut text = String::new();
/// errors.read_to_string(&mut text).await?;
/// assert_eq!(text, "oops\n");
/// child.wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ChildStderr {
    io: Evented<pipe::Receiver>,
}

/// A pipe's end that the driver watches.
#[track_caller]
#[inline]
fn watched<S: Source + From<OwnedFd>>(fd: OwnedFd, interest: Interest) -> io::Result<Evented<S>> {
    sys::set_nonblocking(fd.as_fd(), true)?;
    Evented::with_interest(fd.into(), interest)
}

/// A pipe's end whose reads and writes wait.
#[inline]
fn blocking(fd: OwnedFd) -> io::Result<OwnedFd> {
    sys::set_nonblocking(fd.as_fd(), false)?;
    Ok(fd)
}

macro_rules! pipe_end {
    ($end:ident, $interest:ident, $field:literal) => {
        impl $end {
            /// Takes over a pipe of std's, and puts it into non-blocking mode.
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
            /// use std::process::{Command, Stdio};
            #[doc = concat!("use selkie::process::", stringify!($end), ";")]
            ///
            #[doc = concat!("let mut child = Command::new(\"true\").", $field, "(Stdio::piped()).spawn()?;")]
            #[doc = concat!("let pipe = child.", $field, ".take().unwrap();")]
            #[doc = concat!("assert!(", stringify!($end), "::from_std(pipe).is_ok());")]
            /// child.wait()?;
            /// # Ok(())
            /// # }
            /// ```
            #[track_caller]
            #[inline]
            pub fn from_std(inner: std::process::$end) -> io::Result<Self> {
                let io = watched(inner.into(), Interest::$interest)?;
                Ok(Self { io })
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
            /// use selkie::process::Command;
            ///
            #[doc = concat!("let mut child = Command::new(\"true\").", $field, "(Stdio::piped()).spawn()?;")]
            #[doc = concat!("let pipe = child.", $field, ".take().unwrap().into_owned_fd()?;")]
            /// // For another child, or for code that blocks.
            /// let other = Stdio::from(pipe);
            /// # drop(other);
            /// assert!(child.wait().await?.success());
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                blocking(self.io.into_inner()?.into())
            }
        }

        impl TryInto<Stdio> for $end {
            type Error = io::Error;

            #[inline]
            fn try_into(self) -> io::Result<Stdio> {
                self.into_owned_fd().map(Stdio::from)
            }
        }

        impl AsRawFd for $end {
            #[inline]
            fn as_raw_fd(&self) -> RawFd {
                self.io.as_raw_fd()
            }
        }

        impl AsFd for $end {
            #[inline]
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.io.as_fd()
            }
        }
    };
}

pipe_end!(ChildStdin, WRITABLE, "stdin");
pipe_end!(ChildStdout, READABLE, "stdout");
pipe_end!(ChildStderr, READABLE, "stderr");

macro_rules! read_end {
    ($end:ident) => {
        impl AsyncRead for $end {
            #[inline]
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
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write(cx, buf)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_vectored(cx, bufs)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // A pipe holds nothing back.
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // It closes when it drops.
    }
}
