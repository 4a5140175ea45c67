//! A pipe in memory.
//!
//! States      open ─shutdown, or the writer is dropped→ closed (what is left can be read, then the end);
//!             ─the reader is dropped→ closed (writes fail)
//! Invariants  I1 `bytes` never holds more than `capacity`.
//!             I2 a side that waits has stored its waker; the other side takes the waker when the wait is over, and
//!                wakes it once nobody holds the pipe, since it is foreign code.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, BytesMut};
use selkie_core::coop;
use selkie_core::raw::platform::wake_to_caller;

use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;
use crate::async_io::split::{ReadHalf, WriteHalf, split};
use crate::async_io::write::AsyncWrite;

/// A pipe in memory, both ends in one; made by [`simplex`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt, SimplexStream};
///
/// let mut pipe = SimplexStream::new_unsplit(64);
/// pipe.write_all(b"through").await?;
/// let mut text = [0; 7];
/// pipe.read_exact(&mut text).await?;
/// assert_eq!(&text, b"through");
/// # Ok(())
/// # }
/// ```
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
/// # Panics
/// If `max_buf_size` is zero.
///
/// # Examples
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
#[track_caller]
#[inline]
pub fn simplex(max_buf_size: usize) -> (ReadHalf<SimplexStream>, WriteHalf<SimplexStream>) {
    split(SimplexStream::new_unsplit(max_buf_size))
}

/// The outcome of one attempt.
#[must_use]
pub(super) enum TryOutcome<R> {
    /// It is done, and the other side has to be woken (I2).
    Done(R, Option<Waker>),
    Blocked,
}

#[inline]
pub(super) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        wake_to_caller(waker);
    }
}

impl SimplexStream {
    /// A pipe in memory that holds up to `max_buf_size` bytes, both ends in one.
    ///
    /// # Panics
    /// If `max_buf_size` is zero.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt, SimplexStream, split};
    ///
    /// // Made whole, and split where it is needed.
    /// let (mut reader, mut writer) = split(SimplexStream::new_unsplit(8));
    /// writer.write_u32(5).await?;
    /// assert_eq!(reader.read_u32().await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn new_unsplit(max_buf_size: usize) -> SimplexStream {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        SimplexStream {
            bytes: BytesMut::new(),
            capacity: max_buf_size,
            closed: false,
            reader: None,
            writer: None,
        }
    }

    /// Called when the writer is dropped. The reader, which has to be woken, finds the end after what is left.
    #[must_use]
    #[inline]
    pub(super) fn close_write(&mut self) -> Option<Waker> {
        self.closed = true;
        self.reader.take()
    }

    /// Called when the reader is dropped. The writer, which has to be woken, fails.
    #[must_use]
    #[inline]
    pub(super) fn close_read(&mut self) -> Option<Waker> {
        self.closed = true;
        self.writer.take()
    }

    /// Where the reader stores its waker.
    #[inline]
    pub(super) fn reader(&mut self) -> &mut Option<Waker> {
        &mut self.reader
    }

    /// Where the writer stores its waker.
    #[inline]
    pub(super) fn writer(&mut self) -> &mut Option<Waker> {
        &mut self.writer
    }

    #[inline]
    pub(super) fn try_read(&mut self, buf: &mut ReadBuf<'_>) -> TryOutcome<io::Result<()>> {
        if buf.remaining() == 0 {
            return TryOutcome::Done(Ok(()), None); // Not the end, and nothing to wait for.
        }
        if !self.bytes.has_remaining() {
            return match self.closed {
                true => TryOutcome::Done(Ok(()), None),
                false => TryOutcome::Blocked,
            };
        }
        let n = self.bytes.remaining().min(buf.remaining());
        buf.put_slice(&self.bytes[..n]);
        self.bytes.advance(n);
        TryOutcome::Done(Ok(()), self.writer.take())
    }

    #[inline]
    pub(super) fn try_write(&mut self, bufs: &[IoSlice<'_>]) -> TryOutcome<io::Result<usize>> {
        if self.closed {
            return TryOutcome::Done(Err(io::ErrorKind::BrokenPipe.into()), None);
        }
        if bufs.iter().all(|buf| buf.is_empty()) {
            return TryOutcome::Done(Ok(0), None);
        }
        let mut room = self.capacity - self.bytes.len(); // I1
        if room == 0 {
            return TryOutcome::Blocked;
        }
        let mut taken = 0;
        for buf in bufs {
            let n = buf.len().min(room);
            self.bytes.extend_from_slice(&buf[..n]);
            taken += n;
            room -= n;
        }
        TryOutcome::Done(Ok(taken), self.reader.take())
    }
}

/// Ends an attempt of a side that has the pipe to itself; its waker is stored in `waiter`.
#[inline]
fn poll_alone<R>(
    tried: TryOutcome<R>,
    waiter: &mut Option<Waker>,
    cx: &mut Context<'_>,
) -> Poll<R> {
    match tried {
        TryOutcome::Done(outcome, other) => {
            wake(other);
            Poll::Ready(outcome)
        }
        TryOutcome::Blocked => {
            match waiter {
                Some(waker) => waker.clone_from(cx.waker()),
                None => *waiter = Some(cx.waker().clone()),
            }
            Poll::Pending
        }
    }
}

impl AsyncRead for SimplexStream {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let unit = ready!(coop::poll_proceed(cx));
        let tried = self.try_read(buf);
        let outcome = ready!(poll_alone(tried, &mut self.reader, cx));
        unit.made_progress();
        Poll::Ready(outcome)
    }
}

impl AsyncWrite for SimplexStream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let unit = ready!(coop::poll_proceed(cx));
        let tried = self.try_write(bufs);
        let outcome = ready!(poll_alone(tried, &mut self.writer, cx));
        unit.made_progress();
        Poll::Ready(outcome)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    #[inline]
    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        wake(self.close_write());
        Poll::Ready(Ok(()))
    }
}
