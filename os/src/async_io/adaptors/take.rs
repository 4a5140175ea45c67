//! A reader that ends after a number of bytes.
//!
//! Invariants  I1 what the reader has filled counts only if it left the buffer that it was given, and did not put
//!                another in.
#![allow(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::async_io::buf_read::AsyncBufRead;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;

pin_project! {
    /// Reads at most a number of bytes; made by `take`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, Take};
    ///
    /// let source: &[u8] = b"bodyrest";
    /// let mut body: Take<&[u8]> = source.take(4);
    /// let mut text = String::new();
    /// body.read_to_string(&mut text).await?;
    /// assert_eq!(text, "body");
    /// // What comes after is still there.
    /// assert_eq!(body.into_inner(), b"rest");
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "a reader does nothing unless it is read"]
    pub struct Take<R> {
        #[pin]
        reader: R,
        // Bytes that are left to read.
        limit: u64,
    }
}

impl<R: AsyncRead> Take<R> {
    pub(in crate::async_io) fn new(reader: R, limit: u64) -> Self {
        Self { reader, limit }
    }

    /// Bytes that can still be read.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Sets how many bytes can still be read, whatever was read before.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    ///
    /// let mut reader = (&b"onetwo"[..]).take(3);
    /// let mut part = Vec::new();
    /// reader.read_to_end(&mut part).await?;
    /// assert_eq!(part, b"one");
    /// reader.set_limit(3);
    /// reader.read_to_end(&mut part).await?;
    /// assert_eq!(part, b"onetwo");
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.reader
    }

    /// The reader, to change. What is read there does not count.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader, pinned, to change. What is read there does not count.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().reader
    }

    /// The reader, without the limit.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

impl<R: AsyncRead> AsyncRead for Take<R> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let me = self.project();
        if *me.limit == 0 {
            return Poll::Ready(Ok(()));
        }
        let room = usize::try_from(*me.limit)
            .unwrap_or(usize::MAX)
            .min(buf.remaining());
        if room == buf.remaining() {
            let before = buf.filled().len();
            ready!(me.reader.poll_read(cx, buf))?;
            *me.limit -= (buf.filled().len() - before) as u64;
            return Poll::Ready(Ok(()));
        }
        let mut part = buf.take(room);
        let given = part.filled().as_ptr();
        ready!(me.reader.poll_read(cx, &mut part))?;
        assert_eq!(
            given,
            part.filled().as_ptr(),
            "the reader replaced its buffer"
        );
        let (filled, initialized) = (part.filled().len(), part.initialized().len());
        // SAFETY: the part is the beginning of what is unfilled in `buf` (I1).
        unsafe { buf.assume_init(initialized) };
        buf.advance(filled);
        *me.limit -= filled as u64;
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncBufRead> AsyncBufRead for Take<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.project();
        if *me.limit == 0 {
            return Poll::Ready(Ok(&[]));
        }
        let buf = ready!(me.reader.poll_fill_buf(cx))?;
        let n = usize::try_from(*me.limit)
            .unwrap_or(usize::MAX)
            .min(buf.len());
        Poll::Ready(Ok(&buf[..n]))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let me = self.project();
        // A caller that consumes too much gets no more than there is.
        let amt = usize::try_from(*me.limit).unwrap_or(usize::MAX).min(amt);
        *me.limit -= amt as u64;
        me.reader.consume(amt);
    }
}
