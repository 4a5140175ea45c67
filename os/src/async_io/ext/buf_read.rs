//! Futures and streams over buffered readers.
//!
//! Invariants  I1 what was taken out of the buffer of the reader is in that of the caller, or of the stream, before
//!                anything is waited for.
//!             I2 `FillBuf` gives its reader away together with the buffer.
#![allow(unsafe_code)]

use std::future::{Future, poll_fn};
use std::io;
use std::marker::PhantomPinned;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::read_to_end::put_back;
use crate::async_io::buf_read::AsyncBufRead;
use crate::async_io::interrupted::poll_retrying;

/// Appends up to and with the next `byte`, or to the end; `read` counts across polls.
fn poll_until<R: AsyncBufRead + ?Sized>(
    mut reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    byte: u8,
    buf: &mut Vec<u8>,
    read: &mut usize,
) -> Poll<io::Result<usize>> {
    loop {
        let (found, used) = ready!(poll_retrying(cx, |cx| {
            let available = ready!(reader.as_mut().poll_fill_buf(cx))?;
            let found = available.iter().position(|&b| b == byte);
            let used = found.map_or(available.len(), |at| at + 1);
            buf.extend_from_slice(&available[..used]); // I1
            Poll::Ready(Ok((found.is_some(), used)))
        }))?;
        reader.as_mut().consume(used);
        *read += used;
        if found || used == 0 {
            return Poll::Ready(Ok(mem::take(read)));
        }
    }
}

pin_project! {
    /// Reads to a byte; made by `read_until`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadUntil<'a, R: ?Sized> {
        pub(super) reader: &'a mut R,
        pub(super) byte: u8,
        pub(super) buf: &'a mut Vec<u8>,
        pub(super) read: usize,
        #[pin]
        pub(super) pinned: PhantomPinned,
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadUntil<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        poll_until(Pin::new(&mut **me.reader), cx, *me.byte, me.buf, me.read)
    }
}

pin_project! {
    /// Reads a line; made by `read_line`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadLine<'a, R: ?Sized> {
        reader: &'a mut R,
        text: &'a mut String,
        bytes: Vec<u8>,
        before: usize,
        read: usize,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadLine<'a, R> {
    pub(super) fn new(reader: &'a mut R, text: &'a mut String) -> Self {
        let bytes = mem::take(text).into_bytes();
        let before = bytes.len();
        Self {
            reader,
            text,
            bytes,
            before,
            read: 0,
            pinned: PhantomPinned,
        }
    }
}

impl<R: AsyncBufRead + Unpin + ?Sized> Future for ReadLine<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        let reader = Pin::new(&mut **me.reader);
        let outcome = ready!(poll_until(reader, cx, b'\n', me.bytes, me.read));
        let bytes = mem::take(me.bytes);
        let read = bytes.len() - *me.before;
        Poll::Ready(put_back(me.text, bytes, read, outcome))
    }
}

pin_project! {
    /// Fills a reader's buffer; made by `fill_buf`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct FillBuf<'a, R: ?Sized> {
        // Taken when the buffer is handed out.
        pub(super) reader: Option<&'a mut R>,
        #[pin]
        pub(super) pinned: PhantomPinned,
    }
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Future for FillBuf<'a, R> {
    type Output = io::Result<&'a [u8]>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let me = self.project();
        let reader = me
            .reader
            .take()
            .expect("a future is not polled after it was ready");
        match Pin::new(&mut *reader).poll_fill_buf(cx) {
            Poll::Pending => {
                *me.reader = Some(reader);
                Poll::Pending
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(buffered)) => {
                let buffered: *const [u8] = buffered;
                // SAFETY: it borrows from the reader, which was given away for `'a` and is not
                // touched again (I2). The borrow checker does not see that it is not on `Pending`.
                Poll::Ready(Ok(unsafe { &*buffered }))
            }
        }
    }
}

pin_project! {
    /// The lines of a reader; made by `lines`.
    ///
    /// `tokio_stream::wrappers::LinesStream` makes a stream of it.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncBufReadExt, Lines};
    ///
    /// let mut lines: Lines<&[u8]> = b"one\ntwo\r\nthree".lines();
    /// let mut lengths = Vec::new();
    /// while let Some(line) = lines.next_line().await? {
    ///     lengths.push(line.len());
    /// }
    /// assert_eq!(lengths, [3, 3, 5]);
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "this does nothing unless its lines are asked for"]
    pub struct Lines<R> {
        #[pin]
        reader: R,
        bytes: Vec<u8>,
        read: usize,
    }
}

impl<R: AsyncBufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            read: 0,
        }
    }

    /// The next line, without its `\n` or `\r\n`; `None` at the end.
    ///
    /// # Errors
    /// `InvalidData` if the line is not UTF-8; what the source returns otherwise.
    pub fn poll_next_line(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<String>>> {
        let me = self.project();
        let n = ready!(poll_until(me.reader, cx, b'\n', me.bytes, me.read))?;
        if n == 0 && me.bytes.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut line = mem::take(me.bytes);
        if line.last() == Some(&b'\n') {
            line.pop();
            if line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        let line = String::from_utf8(line);
        Poll::Ready(line.map(Some).map_err(|not_text| {
            io::Error::new(io::ErrorKind::InvalidData, not_text) // The line is inside.
        }))
    }
}

impl<R: AsyncBufRead + Unpin> Lines<R> {
    /// The next line, without its `\n` or `\r\n`; `None` at the end.
    ///
    /// # Errors
    /// `InvalidData` if the line is not UTF-8, which is then passed over, and inside the error as a
    /// [`FromUtf8Error`](std::string::FromUtf8Error); what the source returns otherwise: what was read of
    /// the line before stays here.
    ///
    /// # Cancel safety
    /// What was read of the line stays here when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, duplex};
    ///
    /// let (mut chat, theirs) = duplex(64);
    /// let mut lines = BufReader::new(theirs).lines();
    /// chat.write_all(b"hello\nhalf a").await?;
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("hello"));
    /// // Cancel safe: the half that has come is kept for the next call.
    /// selkie::select! {
    ///     biased;
    ///     _ = lines.next_line() => unreachable!("there is no whole line"),
    ///     () = selkie::task::yield_now() => {}
    /// }
    /// chat.write_all(b" line\n").await?;
    /// assert_eq!(lines.next_line().await?.as_deref(), Some("half a line"));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_line(&mut self) -> io::Result<Option<String>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next_line(cx)).await
    }

    /// The reader, to change.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// The reader.
    pub fn get_ref(&mut self) -> &R {
        &self.reader
    }

    /// The reader, and nothing of a line that was read in part.
    pub fn into_inner(self) -> R {
        self.reader
    }
}

pin_project! {
    /// The parts of a reader between one byte and the next; made by `split`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncBufReadExt, BufReader, Split};
    ///
    /// let mut fields: Split<BufReader<&[u8]>> = BufReader::new(&b"a,bc,,d"[..]).split(b',');
    /// let mut found = Vec::new();
    /// while let Some(field) = fields.next_segment().await? {
    ///     found.push(field.len());
    /// }
    /// assert_eq!(found, [1, 2, 0, 1]);
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "this does nothing unless its segments are asked for"]
    pub struct Split<R> {
        #[pin]
        reader: R,
        bytes: Vec<u8>,
        delimiter: u8,
        read: usize,
    }
}

impl<R: AsyncBufRead> Split<R> {
    pub(super) fn new(reader: R, delimiter: u8) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            delimiter,
            read: 0,
        }
    }

    /// The next segment, without the delimiter; `None` at the end.
    ///
    /// # Errors
    /// What the source returns.
    pub fn poll_next_segment(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let me = self.project();
        let n = ready!(poll_until(me.reader, cx, *me.delimiter, me.bytes, me.read))?;
        if n == 0 && me.bytes.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let mut segment = mem::take(me.bytes);
        if segment.last() == Some(me.delimiter) {
            segment.pop();
        }
        Poll::Ready(Ok(Some(segment)))
    }
}

impl<R: AsyncBufRead + Unpin> Split<R> {
    /// The next segment, without the delimiter; `None` at the end.
    ///
    /// # Errors
    /// What the source returns.
    ///
    /// # Cancel safety
    /// What was read of the segment stays here when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncBufReadExt;
    ///
    /// let mut records = AsyncBufReadExt::split(&b"first\0second\0"[..], 0);
    /// assert_eq!(records.next_segment().await?.as_deref(), Some(&b"first"[..]));
    /// assert_eq!(records.next_segment().await?.as_deref(), Some(&b"second"[..]));
    /// assert_eq!(records.next_segment().await?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_segment(&mut self) -> io::Result<Option<Vec<u8>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next_segment(cx)).await
    }
}
