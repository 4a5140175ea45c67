//! A buffer in front of a reader.
//!
//! States      of a seek: none ─start_seek→ requested ─poll_complete→ begun, once the source is idle, (undoing →)
//!             in progress → none
//! Invariants  I1 `used <= filled <= buf.len()`; `buf[used..filled]` was read and not handed out.
//!             I2 after a seek the buffer is empty; `Current` counts from what was handed out.

use std::fmt;
use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::async_io::buf_read::AsyncBufRead;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;
use crate::async_io::seek::AsyncSeek;
use crate::async_io::write::AsyncWrite;

/// The size of a buffer, unless another is given.
pub(super) const DEFAULT_CAPACITY: usize = 8 * 1024;

/// How far a seek has come.
#[derive(Debug, Clone, Copy)]
enum SeekState {
    None,
    Asked(SeekFrom),
    /// The operation of the source before the seek, if any, has ended.
    Begins(SeekFrom),
    /// The offset and the buffered bytes together do not fit: the buffered bytes are undone first.
    Undoing(i64),
    UnderWay,
}

pin_project! {
    /// Reads much at once and hands it out in small parts.
    ///
    /// What is buffered is lost when this is dropped or [`into_inner`](Self::into_inner) is called.
    ///
    /// # Cost
    /// 8 KiB, if no other capacity is given.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex};
    ///
    /// let (mut client, server) = duplex(64);
    /// client.write_all(b"GET /\nHost: localhost\n").await?;
    /// drop(client);
    ///
    /// let mut reader = BufReader::new(server);
    /// let mut request = String::new();
    /// reader.read_line(&mut request).await?;
    /// assert_eq!(request, "GET /\n");
    /// let mut headers = reader.lines();
    /// assert_eq!(headers.next_line().await?.as_deref(), Some("Host: localhost"));
    /// # Ok(())
    /// # }
    /// ```
    pub struct BufReader<R> {
        #[pin]
        pub(super) inner: R,
        pub(super) buf: Box<[u8]>,
        pub(super) used: usize,
        pub(super) filled: usize,
        seek: SeekState,
    }
}

impl<R: AsyncRead> BufReader<R> {
    /// A buffer of 8 KiB in front of `inner`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, BufReader};
    ///
    /// // A read of a byte is not a read of the source.
    /// let mut reader = BufReader::new(&b"many small reads"[..]);
    /// assert_eq!(reader.read_u8().await?, b'm');
    /// assert_eq!(reader.buffer(), b"any small reads");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(inner: R) -> Self {
        Self::with_capacity(DEFAULT_CAPACITY, inner)
    }

    /// A buffer of `capacity` bytes in front of `inner`.
    ///
    /// # Panics
    /// If `capacity` is zero.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, BufReader};
    ///
    /// let mut reader = BufReader::with_capacity(4, &b"abcdefgh"[..]);
    /// reader.read_u8().await?;
    /// assert_eq!(reader.buffer(), b"bcd");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn with_capacity(capacity: usize, inner: R) -> Self {
        assert!(capacity > 0, "capacity must be greater than zero");
        let buf = vec![0; capacity].into_boxed_slice();
        Self::from_parts(inner, buf, 0, 0)
    }

    /// The reader.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader, to change; what is read there is missing here.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader, pinned, to change; what is read there is missing here.
    pub fn get_pin_mut(self: Pin<&mut Self>) -> Pin<&mut R> {
        self.project().inner
    }

    /// The reader, without what is buffered.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// What is buffered.
    pub fn buffer(&self) -> &[u8] {
        &self.buf[self.used..self.filled]
    }

    fn discard(self: Pin<&mut Self>) {
        let me = self.project();
        *me.used = 0;
        *me.filled = 0;
    }
}

impl<R> BufReader<R> {
    pub(super) fn from_parts(inner: R, buf: Box<[u8]>, used: usize, filled: usize) -> Self {
        Self {
            inner,
            buf,
            used,
            filled,
            seek: SeekState::None,
        }
    }
}

impl<R: AsyncRead> AsyncRead for BufReader<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The buffer is empty and the read is large: the buffer would only cost a copy.
        if self.used == self.filled && buf.remaining() >= self.buf.len() {
            ready!(self.as_mut().get_pin_mut().poll_read(cx, buf))?;
            self.discard();
            return Poll::Ready(Ok(()));
        }
        let available = ready!(self.as_mut().poll_fill_buf(cx))?;
        let n = available.len().min(buf.remaining());
        buf.put_slice(&available[..n]);
        self.consume(n);
        Poll::Ready(Ok(()))
    }
}

impl<R: AsyncRead> AsyncBufRead for BufReader<R> {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let me = self.project();
        if *me.used >= *me.filled {
            let mut room = ReadBuf::new(me.buf);
            ready!(me.inner.poll_read(cx, &mut room))?;
            *me.filled = room.filled().len();
            *me.used = 0;
        }
        Poll::Ready(Ok(&me.buf[*me.used..*me.filled]))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        let me = self.project();
        *me.used = me.used.saturating_add(amt).min(*me.filled);
    }
}

impl<R: AsyncRead + AsyncSeek> AsyncSeek for BufReader<R> {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        // The inner seek begins at the poll, so that what is buffered then counts.
        *self.project().seek = SeekState::Asked(position);
        Ok(())
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        loop {
            let unread = self.buffer().len();
            let me = self.as_mut().project();
            // A seek that fails is over.
            let state = std::mem::replace(me.seek, SeekState::None);
            match state {
                SeekState::None => return self.get_pin_mut().poll_complete(cx),
                SeekState::Asked(position) => {
                    let idle = me.inner.poll_complete(cx);
                    if idle.is_pending() {
                        *me.seek = state;
                    }
                    ready!(idle)?;
                    *self.as_mut().project().seek = SeekState::Begins(position);
                }
                SeekState::Begins(SeekFrom::Current(offset)) => {
                    let back = i64::try_from(unread).unwrap_or(i64::MAX);
                    if let Some(offset) = offset.checked_sub(back) {
                        me.inner.start_seek(SeekFrom::Current(offset))?;
                        *me.seek = SeekState::UnderWay;
                    } else {
                        me.inner.start_seek(SeekFrom::Current(-back))?;
                        *me.seek = SeekState::Undoing(offset);
                    }
                }
                SeekState::Begins(position) => {
                    me.inner.start_seek(position)?;
                    *me.seek = SeekState::UnderWay;
                }
                SeekState::Undoing(offset) => {
                    let undone = me.inner.poll_complete(cx);
                    if undone.is_pending() {
                        *me.seek = state;
                    }
                    ready!(undone)?;
                    self.as_mut().discard();
                    *self.as_mut().project().seek = SeekState::Begins(SeekFrom::Current(offset));
                }
                SeekState::UnderWay => {
                    let outcome = me.inner.poll_complete(cx);
                    if outcome.is_pending() {
                        *me.seek = state;
                    }
                    let position = ready!(outcome)?;
                    self.discard(); // I2
                    return Poll::Ready(Ok(position));
                }
            }
        }
    }
}

impl<R: AsyncRead + AsyncWrite> AsyncWrite for BufReader<R> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_pin_mut().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_pin_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_pin_mut().poll_shutdown(cx)
    }
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufReader")
            .field("reader", &self.inner)
            .field(
                "buffer",
                &format_args!("{}/{}", self.filled - self.used, self.buf.len()),
            )
            .finish()
    }
}
