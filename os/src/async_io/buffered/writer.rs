//! A buffer in front of a writer.
//!
//! Invariants  I1 `buf[written..]` was accepted and is not written yet; `buf.len()` never exceeds the capacity.

use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::reader::DEFAULT_CAPACITY;
use crate::async_io::buf_read::AsyncBufRead;
use crate::async_io::interrupted::poll_retrying;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;
use crate::async_io::seek::AsyncSeek;
use crate::async_io::write::AsyncWrite;

/// How far a seek has come.
#[derive(Debug, Clone, Copy)]
enum SeekState {
    None,
    Asked(SeekFrom),
    UnderWay,
}

pin_project! {
    /// Gathers small writes and writes much at once.
    ///
    /// What is gathered is lost when this is dropped: flush it, or shut it down.
    ///
    /// # Cost
    /// 8 KiB, if no other capacity is given.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncWriteExt, BufWriter};
    ///
    /// let mut writer = BufWriter::new(Vec::new());
    /// for number in 0..3_u8 {
    ///     // Gathered, to be written at once.
    ///     writer.write_u8(number).await?;
    /// }
    /// assert!(writer.get_ref().is_empty());
    /// writer.flush().await?;
    /// assert_eq!(writer.get_ref(), &[0, 1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    pub struct BufWriter<W> {
        #[pin]
        pub(super) inner: W,
        pub(super) buf: Vec<u8>,
        pub(super) capacity: usize,
        pub(super) written: usize,
        seek: SeekState,
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// A buffer of 8 KiB in front of `inner`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncWriteExt, BufWriter};
    ///
    /// let mut writer = BufWriter::new(Vec::new());
    /// writer.write_all(b"gathered").await?;
    /// assert_eq!(writer.buffer(), b"gathered");
    /// // Shutting down flushes, too.
    /// writer.shutdown().await?;
    /// assert_eq!(writer.into_inner(), b"gathered");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(inner: W) -> Self {
        Self::with_capacity(DEFAULT_CAPACITY, inner)
    }

    /// A buffer of `cap` bytes in front of `inner`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncWriteExt, BufWriter};
    ///
    /// let mut writer = BufWriter::with_capacity(4, Vec::new());
    /// writer.write_all(b"abc").await?;
    /// assert_eq!(writer.get_ref(), b"");
    /// // No room for these two: what was gathered goes first.
    /// writer.write_all(b"de").await?;
    /// assert_eq!((writer.get_ref().as_slice(), writer.buffer()), (&b"abc"[..], &b"de"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_capacity(cap: usize, inner: W) -> Self {
        Self::from_parts(inner, Vec::with_capacity(cap), cap, 0)
    }

    /// The writer.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer, to change; what is written there comes before what is gathered.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The writer, pinned, to change; what is written there comes before what is gathered.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut W> {
        self.project().inner
    }

    /// The writer, without what is gathered.
    pub fn into_inner(self) -> W {
        self.inner
    }

    /// What is gathered.
    pub fn buffer(&self) -> &[u8] {
        &self.buf
    }

    /// Writes what is gathered.
    fn poll_empty(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut me = self.project();
        let outcome = loop {
            if *me.written == me.buf.len() {
                break Ok(());
            }
            let rest = &me.buf[*me.written..];
            let inner = &mut me.inner;
            match ready!(poll_retrying(cx, |cx| {
                inner.as_mut().poll_write(cx, rest)
            })) {
                Ok(0) => {
                    break Err(io::Error::new(
                        io::ErrorKind::WriteZero,
                        "the writer took none of the gathered bytes",
                    ));
                }
                Ok(n) => *me.written += n,
                Err(error) => break Err(error),
            }
        };
        me.buf.drain(..*me.written);
        *me.written = 0;
        Poll::Ready(outcome)
    }
}

impl<W> BufWriter<W> {
    pub(super) fn from_parts(inner: W, buf: Vec<u8>, capacity: usize, written: usize) -> Self {
        Self {
            inner,
            buf,
            capacity,
            written,
            seek: SeekState::None,
        }
    }
}

impl<W: AsyncWrite> AsyncWrite for BufWriter<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.buf.len() + buf.len() > self.capacity {
            ready!(self.as_mut().poll_empty(cx))?;
        }
        let me = self.project();
        if buf.len() >= *me.capacity {
            return me.inner.poll_write(cx, buf); // Nothing is gathered: it would only be copied.
        }
        me.buf.extend_from_slice(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let total = bufs
            .iter()
            .fold(0, |sum: usize, buf| sum.saturating_add(buf.len()));
        if self.buf.len().saturating_add(total) > self.capacity && self.inner.is_write_vectored() {
            ready!(self.as_mut().poll_empty(cx))?;
        }
        let vectored = self.inner.is_write_vectored();
        if vectored && total >= self.capacity {
            return self.project().inner.poll_write_vectored(cx, bufs);
        }
        if vectored {
            let me = self.project();
            bufs.iter().for_each(|buf| me.buf.extend_from_slice(buf));
            return Poll::Ready(Ok(total));
        }
        self.poll_gather(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_empty(cx))?;
        self.get_pin_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_empty(cx))?;
        self.get_pin_mut().poll_shutdown(cx)
    }
}

impl<W: AsyncWrite> BufWriter<W> {
    /// Gathers as many of `bufs` as fit, for a writer that takes one buffer at a time.
    fn poll_gather(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut bufs = bufs.iter().filter(|buf| !buf.is_empty());
        let Some(first) = bufs.next() else {
            return Poll::Ready(Ok(0));
        };
        let mut taken = ready!(self.as_mut().poll_write(cx, first))?;
        if first.len() >= self.capacity {
            return Poll::Ready(Ok(taken)); // It went past the buffer, perhaps in part.
        }
        let me = self.project();
        for buf in bufs {
            if me.buf.len() + buf.len() > *me.capacity {
                break;
            }
            me.buf.extend_from_slice(buf);
            taken += buf.len();
        }
        Poll::Ready(Ok(taken))
    }
}

impl<W: AsyncWrite + AsyncRead> AsyncRead for BufWriter<W> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_read(cx, buf)
    }
}

impl<W: AsyncWrite + AsyncBufRead> AsyncBufRead for BufWriter<W> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.get_pin_mut().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.get_pin_mut().consume(amt);
    }
}

impl<W: AsyncWrite + AsyncSeek> AsyncSeek for BufWriter<W> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        // The inner seek begins at the poll, once all that is gathered was written.
        *self.project().seek = SeekState::Asked(position);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        if let SeekState::Asked(position) = self.seek {
            ready!(self.as_mut().poll_flush(cx))?;
            let me = self.as_mut().project();
            *me.seek = SeekState::None; // A seek that fails is over.
            me.inner.start_seek(position)?;
            *me.seek = SeekState::UnderWay;
        }
        let outcome = ready!(self.as_mut().get_pin_mut().poll_complete(cx));
        *self.project().seek = SeekState::None;
        Poll::Ready(outcome)
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufWriter")
            .field("writer", &self.inner)
            .field(
                "buffer",
                &format_args!("{}/{}", self.buf.len(), self.capacity),
            )
            .field("written", &self.written)
            .finish()
    }
}
