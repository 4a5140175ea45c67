//! The end of a pipe that is read.

use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::task::{Context, Poll};

use mio::unix::pipe as mio_pipe;

use super::end::pipe_end;
use crate::async_io::{Interest, ReadBuf};
use crate::net::streams::{read_impl, read_methods};
use crate::source::Evented;
use crate::sys;

/// The end of a pipe that is read.
///
/// # Examples
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

impl Receiver {
    /// Waits until there is something to read, or the end.
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
    /// use selkie::net::unix::pipe::pipe;
    ///
    /// let (sender, receiver) = pipe()?;
    /// sender.writable().await?;
    /// sender.try_write(b"ping")?;
    /// receiver.readable().await?;
    /// assert_eq!(receiver.try_read(&mut [0; 16])?, 4);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn readable(&self) -> io::Result<()> {
        self.ready(Interest::READABLE).await.map(drop)
    }

    read_methods!("let (client, server) = selkie::net::unix::pipe::pipe()?;");

    #[inline]
    fn read_some(pipe: &mio_pipe::Receiver, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        sys::read(pipe.as_fd(), free)
    }

    /// A pipe may be in packet mode, so a short read does not mean that it is empty.
    #[inline]
    fn poll_read_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io
            .poll_read_packet(cx, buf, Self::read_some)
            .map_ok(drop)
    }
}

pipe_end!(
    Receiver,
    mio_pipe::Receiver,
    Interest::READABLE,
    true,
    receiver
);
read_impl!(Receiver, me => me);
