//! Futures that read to the end.
//!
//! Invariants  I1 a `Vec` of the caller whose capacity is exactly what is needed is not grown: before the first
//!                growth the end is looked for with a few bytes on the stack.
//!             I2 the text that the caller gave is back in its place when the future is ready.

use std::future::Future;
use std::io;
use std::marker::PhantomPinned;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::append::poll_fill_spare;
use crate::async_io::interrupted::poll_retrying;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;

/// The smallest spare capacity that a read gets.
const LEAST_ROOM: usize = 32;

/// The progress of reading to the end.
#[derive(Debug)]
struct Progress {
    first_capacity: usize,
    /// How many bytes of the memory of the buffer are initialised.
    initialized: usize,
    read: usize,
}

impl Progress {
    fn new(buf: &Vec<u8>) -> Self {
        Self {
            first_capacity: buf.capacity(),
            initialized: buf.len(),
            read: 0,
        }
    }

    /// Appends everything up to the end to `buf`.
    fn poll<R: AsyncRead + Unpin + ?Sized>(
        &mut self,
        reader: &mut R,
        cx: &mut Context<'_>,
        buf: &mut Vec<u8>,
    ) -> Poll<io::Result<usize>> {
        loop {
            let is_full = buf.capacity() - buf.len() < LEAST_ROOM;
            let was_given = buf.capacity() == self.first_capacity && self.first_capacity > 0;
            let n = if is_full && was_given {
                let n = ready!(poll_retrying(cx, |cx| poll_probe(reader, cx, buf)))?; // I1
                self.initialized = buf.len(); // It may have grown.
                n
            } else {
                if is_full {
                    buf.reserve(LEAST_ROOM);
                    self.initialized = buf.len();
                }
                let initialized = &mut self.initialized;
                ready!(poll_retrying(cx, |cx| {
                    poll_fill_spare(Pin::new(&mut *reader), cx, buf, initialized)
                }))?
            };
            if n == 0 {
                return Poll::Ready(Ok(self.read));
            }
            self.read += n;
        }
    }
}

/// Reads a few bytes by way of the stack.
fn poll_probe<R: AsyncRead + Unpin + ?Sized>(
    reader: &mut R,
    cx: &mut Context<'_>,
    buf: &mut Vec<u8>,
) -> Poll<io::Result<usize>> {
    let mut bytes = [MaybeUninit::uninit(); LEAST_ROOM];
    let mut probe = ReadBuf::uninit(&mut bytes);
    ready!(Pin::new(reader).poll_read(cx, &mut probe))?;
    buf.extend_from_slice(probe.filled());
    Poll::Ready(Ok(probe.filled().len()))
}

pin_project! {
    /// Reads to the end; made by `read_to_end`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadToEnd<'a, R: ?Sized> {
        reader: &'a mut R,
        buf: &'a mut Vec<u8>,
        progress: Progress,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadToEnd<'a, R> {
    pub(super) fn new(reader: &'a mut R, buf: &'a mut Vec<u8>) -> Self {
        let progress = Progress::new(buf);
        Self {
            reader,
            buf,
            progress,
            pinned: PhantomPinned,
        }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToEnd<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        me.progress.poll(&mut **me.reader, cx, me.buf)
    }
}

pin_project! {
    /// Reads text to the end; made by `read_to_string`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ReadToString<'a, R: ?Sized> {
        reader: &'a mut R,
        text: &'a mut String,
        bytes: Vec<u8>,
        progress: Progress,
        #[pin]
        pinned: PhantomPinned,
    }
}

impl<'a, R: ?Sized> ReadToString<'a, R> {
    pub(super) fn new(reader: &'a mut R, text: &'a mut String) -> Self {
        let bytes = std::mem::take(text).into_bytes();
        let progress = Progress::new(&bytes);
        Self {
            reader,
            text,
            bytes,
            progress,
            pinned: PhantomPinned,
        }
    }
}

impl<R: AsyncRead + Unpin + ?Sized> Future for ReadToString<'_, R> {
    type Output = io::Result<usize>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let me = self.project();
        let reader = &mut **me.reader;
        let outcome = ready!(me.progress.poll(reader, cx, me.bytes));
        let mut bytes = std::mem::take(me.bytes);
        if outcome.is_err() {
            bytes.truncate(bytes.len() - me.progress.read);
        }
        Poll::Ready(put_back(me.text, bytes, me.progress.read, outcome))
    }
}

/// Turns `bytes`, the last `read` of which are new, back into the text of the caller; without the new ones if
/// those are not UTF-8 (I2).
pub(super) fn put_back(
    text: &mut String,
    bytes: Vec<u8>,
    read: usize,
    outcome: io::Result<usize>,
) -> io::Result<usize> {
    match String::from_utf8(bytes) {
        Ok(whole) => {
            *text = whole;
            outcome
        }
        Err(error) => {
            let not_text = error.utf8_error();
            let mut bytes = error.into_bytes();
            bytes.truncate(bytes.len() - read);
            match String::from_utf8(bytes) {
                Ok(given) => *text = given,
                Err(_) => unreachable!("what the caller gave was text"),
            }
            outcome?;
            Err(io::Error::new(io::ErrorKind::InvalidData, not_text))
        }
    }
}
