//! The buffer between a reader and a writer, and the progress of the copy.
//!
//! Idea        Read, then write all that was read; while the writer is not ready read more behind it, so that its
//!             next write is long. When the reader has nothing for now, flush, so that the peer sees what it may
//!             wait for.
//! States      reading ─the reader ends→ ended; reading ─the reader fails→ failed;
//!             in both the rest is written, and the copy is over
//! Invariants  I1 `start <= end <= buf.len()`; `buf[start..end]` was read and is not written.
//!             I2 each step costs a unit of the budget, so that a reader and a writer that are always ready do not
//!                keep their thread.
//!             I3 the writer is offered all that was read before the copy ends, even if the reader fails.
//! Rejected    A ring buffer: the writer would get two short slices where one long one does.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop::{RestoreOnPending, poll_proceed};
use selkie_core::raw::coop::poll_spare;

use crate::async_io::interrupted::poll_retrying;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;
use crate::async_io::write::AsyncWrite;

/// The size of the buffer, unless another is given.
pub(super) const DEFAULT_SIZE: usize = 8 * 1024;

/// A copy in progress.
#[derive(Debug)]
pub(super) struct CopyBuffer {
    buf: Vec<u8>,
    start: usize,
    end: usize,
    copied: u64,
    ended: bool,
    failure: Option<io::Error>,
    unflushed: bool,
    outcome: KeptFailure,
}

impl CopyBuffer {
    pub(super) fn new(size: usize) -> Self {
        Self {
            buf: vec![0; size],
            start: 0,
            end: 0,
            copied: 0,
            ended: false,
            failure: None,
            unflushed: false,
            outcome: KeptFailure::default(),
        }
    }

    /// Whether there is something to read and room for it.
    fn can_read(&self) -> bool {
        !self.ended && self.end < self.buf.len()
    }

    /// Reads once, behind what is buffered; a failure is kept until that is written (I3).
    fn poll_fill<R: AsyncRead + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
    ) -> Poll<()> {
        let mut room = ReadBuf::new(&mut self.buf[self.end..]);
        let outcome = ready!(poll_retrying(cx, |cx| {
            reader.as_mut().poll_read(cx, &mut room)
        }));
        let n = room.filled().len();
        self.end += n;
        self.ended = n == 0;
        if let Err(error) = outcome {
            self.ended = true;
            self.failure = Some(error);
        }
        Poll::Ready(())
    }

    /// Writes once.
    fn poll_drain<W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        let rest = &self.buf[self.start..self.end];
        let n = ready!(poll_retrying(cx, |cx| {
            writer.as_mut().poll_write(cx, rest)
        }))?;
        if n == 0 {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::WriteZero,
                "the writer took none of the copied bytes",
            )));
        }
        self.start += n;
        self.copied += n as u64;
        self.unflushed = true;
        if self.start >= self.end {
            self.start = 0;
            self.end = 0;
        }
        Poll::Ready(Ok(()))
    }

    /// Continues the copy; returns the number of bytes once the reader has ended and the writer is flushed.
    pub(super) fn poll_copy<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        reader: Pin<&mut R>,
        writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        let mut outcome = mem::take(&mut self.outcome);
        let polled = outcome.poll_or_keep(cx, |cx| self.poll_steps(cx, reader, writer));
        self.outcome = outcome;
        polled
    }

    fn poll_steps<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        let mut has_looked = false;
        let mut take_unit = unit_taker();
        loop {
            let unit = ready!(take_unit(cx)); // I2
            let mut waits_for_reader = false;
            // Once per poll also behind what is buffered, to notice an end while the writer is slow.
            if self.can_read() && (self.start == self.end || !has_looked) {
                waits_for_reader = self.poll_fill(cx, reader.as_mut()).is_pending();
                has_looked = true;
            }
            if self.start < self.end {
                match self.poll_drain(cx, writer.as_mut()) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => {
                        // Of two failures the first is returned.
                        return Poll::Ready(Err(self.failure.take().unwrap_or(error)));
                    }
                    Poll::Pending => {
                        if self.can_read() {
                            let _ = self.poll_fill(cx, reader.as_mut());
                        }
                        return Poll::Pending;
                    }
                }
                unit.made_progress();
            } else if waits_for_reader {
                if self.unflushed {
                    ready!(poll_flush(cx, writer.as_mut()))?;
                    self.unflushed = false;
                    unit.made_progress();
                }
                return Poll::Pending;
            } else if let Some(failure) = self.failure.take() {
                return Poll::Ready(Err(failure)); // I3
            } else if self.ended {
                ready!(poll_flush(cx, writer.as_mut()))?;
                unit.made_progress();
                return Poll::Ready(Ok(self.copied));
            }
        }
    }
}

/// The failure that a copy ends by: it takes a spare unit of the budget, so that a loop of copies that fail yields. Without one
/// it is kept for the next poll.
#[derive(Debug, Default)]
pub(super) struct KeptFailure(Option<io::Error>);

impl KeptFailure {
    /// Polls `steps`, unless they have failed already.
    pub(super) fn poll_or_keep<T>(
        &mut self,
        cx: &mut Context<'_>,
        steps: impl FnOnce(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let failure = match self.0.take() {
            Some(failure) => failure,
            None => match ready!(steps(cx)) {
                Ok(done) => return Poll::Ready(Ok(done)),
                Err(failure) => failure,
            },
        };
        let Poll::Ready(unit) = poll_spare(cx) else {
            self.0 = Some(failure);
            return Poll::Pending;
        };
        unit.made_progress();
        Poll::Ready(Err(failure))
    }
}

/// What takes a unit of the budget for each step of one poll: the first as an operation does, the others spare ones.
pub(super) fn unit_taker() -> impl FnMut(&mut Context<'_>) -> Poll<RestoreOnPending> {
    let mut is_first = true;
    move |cx| {
        if mem::replace(&mut is_first, false) {
            poll_proceed(cx)
        } else {
            poll_spare(cx)
        }
    }
}

/// Flushes `writer`, again if that is interrupted: otherwise the copy would be lost with the error.
pub(super) fn poll_flush<W: AsyncWrite + ?Sized>(
    cx: &mut Context<'_>,
    mut writer: Pin<&mut W>,
) -> Poll<io::Result<()>> {
    poll_retrying(cx, |cx| writer.as_mut().poll_flush(cx))
}
