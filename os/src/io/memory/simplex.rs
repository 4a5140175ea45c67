//! A pipe in memory.
//!
//! States      open ─shutdown, or writer gone→ closed (what is left can be read, then the end);
//!             ─reader gone→ closed (writes fail)
//! Invariants  I1 `bytes` never holds more than `capacity`.
//!             I2 a side that waits has left its waker; the other side takes it when that ends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, BytesMut};
use selkie_core::coop;

use crate::io::read::AsyncRead;
use crate::io::read_buf::ReadBuf;
use crate::io::split::{ReadHalf, WriteHalf, split};
use crate::io::write::AsyncWrite;

/// A pipe in memory, both ends in one; made by [`simplex`].
#[derive(Debug)]
pub struct SimplexStream {
    bytes: BytesMut,
    capacity: usize,
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// A pipe in memory that holds up to `max_buf_size` bytes: what is written to the one end is read
/// from the other.
///
/// The reader sees the end after the writer's `shutdown`.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
///
/// let (mut reader, mut writer) = selkie::io::simplex(64);
/// writer.write_all(b"kelp").await?;
/// writer.shutdown().await?;
/// let mut text = String::new();
/// reader.read_to_string(&mut text).await?;
/// assert_eq!(text, "kelp");
/// # Ok(())
/// # })
/// # }
/// ```
pub fn simplex(max_buf_size: usize) -> (ReadHalf<SimplexStream>, WriteHalf<SimplexStream>) {
    split(SimplexStream::new_unsplit(max_buf_size))
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

fn wait(place: &mut Option<Waker>, cx: &Context<'_>) {
    match place {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *place = Some(cx.waker().clone()),
    }
}

impl SimplexStream {
    /// A pipe in memory that holds up to `max_buf_size` bytes, both ends in one.
    pub fn new_unsplit(max_buf_size: usize) -> SimplexStream {
        SimplexStream {
            bytes: BytesMut::new(),
            capacity: max_buf_size,
            closed: false,
            reader: None,
            writer: None,
        }
    }

    /// The writer is gone: the reader sees the end after what is left.
    pub(super) fn close_write(&mut self) {
        self.closed = true;
        wake(&mut self.reader);
    }

    /// The reader is gone: writes fail.
    pub(super) fn close_read(&mut self) {
        self.closed = true;
        wake(&mut self.writer);
    }

    fn poll_read_now(&mut self, cx: &Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.bytes.has_remaining() {
            let n = self.bytes.remaining().min(buf.remaining());
            buf.put_slice(&self.bytes[..n]);
            self.bytes.advance(n);
            if n > 0 {
                wake(&mut self.writer);
            }
            Poll::Ready(Ok(()))
        } else if self.closed {
            Poll::Ready(Ok(()))
        } else {
            wait(&mut self.reader, cx);
            Poll::Pending
        }
    }

    fn poll_write_now<'a>(
        &mut self,
        cx: &Context<'_>,
        bufs: impl Iterator<Item = &'a [u8]>,
    ) -> Poll<io::Result<usize>> {
        if self.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut room = self.capacity - self.bytes.len(); // I1
        if room == 0 {
            wait(&mut self.writer, cx);
            return Poll::Pending;
        }
        let mut taken = 0;
        for buf in bufs {
            let n = buf.len().min(room);
            self.bytes.extend_from_slice(&buf[..n]);
            taken += n;
            room -= n;
        }
        wake(&mut self.reader);
        Poll::Ready(Ok(taken))
    }
}

impl AsyncRead for SimplexStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        ready!(self.poll_read_now(cx, buf))?;
        unit.made_progress();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for SimplexStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        let outcome = ready!(self.poll_write_now(cx, std::iter::once(buf)));
        unit.made_progress();
        Poll::Ready(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        let outcome = ready!(self.poll_write_now(cx, bufs.iter().map(|buf| &**buf)));
        unit.made_progress();
        Poll::Ready(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close_write();
        Poll::Ready(Ok(()))
    }
}
