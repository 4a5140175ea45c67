//! The buffer between a reader and a writer, and how far the copy has come.
//!
//! Idea        Read while there is room and something to read, write what is there; when the
//!             reader has nothing for now, flush, so that the peer sees what it may wait for.
//! Invariants  I1 `start <= end <= buf.len()`; `buf[start..end]` is read and not written.
//!             I2 each step costs a unit of budget, so a reader and a writer that are always ready
//!                do not keep their thread.
//! Rejected    A ring: the writer would get two short slices where one long one does.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use crate::io::read::AsyncRead;
use crate::io::read_buf::ReadBuf;
use crate::io::write::AsyncWrite;

/// Bytes of the buffer, if nobody chose.
pub(super) const DEFAULT_SIZE: usize = 8 * 1024;

/// A copy under way.
#[derive(Debug)]
pub(super) struct CopyBuffer {
    buf: Box<[u8]>,
    start: usize,
    end: usize,
    copied: u64,
    ended: bool,
    unflushed: bool,
}

impl CopyBuffer {
    pub(super) fn new(size: usize) -> Self {
        let buf = vec![0; size].into_boxed_slice();
        Self {
            buf,
            start: 0,
            end: 0,
            copied: 0,
            ended: false,
            unflushed: false,
        }
    }

    /// Reads once, behind what is there.
    fn poll_fill<R: AsyncRead + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        reader: Pin<&mut R>,
    ) -> Poll<io::Result<()>> {
        let mut room = ReadBuf::new(&mut self.buf[self.end..]);
        ready!(reader.poll_read(cx, &mut room))?;
        let n = room.filled().len();
        self.ended = n == 0;
        self.end += n;
        Poll::Ready(Ok(()))
    }

    /// Writes once.
    fn poll_drain<W: AsyncWrite + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        writer: Pin<&mut W>,
    ) -> Poll<io::Result<()>> {
        let n = ready!(writer.poll_write(cx, &self.buf[self.start..self.end]))?;
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

    /// Copies on; the number of bytes once the reader has ended and the writer is flushed.
    pub(super) fn poll_copy<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<io::Result<u64>>
    where
        R: AsyncRead + ?Sized,
        W: AsyncWrite + ?Sized,
    {
        loop {
            let unit = ready!(coop::poll_proceed(cx)); // I2
            let mut waits_for_reader = false;
            if !self.ended && self.end < self.buf.len() {
                waits_for_reader = self.poll_fill(cx, reader.as_mut())?.is_pending();
            }
            if self.start < self.end {
                ready!(self.poll_drain(cx, writer.as_mut()))?;
                unit.made_progress();
            } else if waits_for_reader {
                if self.unflushed {
                    ready!(writer.as_mut().poll_flush(cx))?;
                    self.unflushed = false;
                    unit.made_progress();
                }
                return Poll::Pending;
            } else if self.ended {
                ready!(writer.as_mut().poll_flush(cx))?;
                unit.made_progress();
                return Poll::Ready(Ok(self.copied));
            }
        }
    }
}
