//! Readers and writers that follow a script: short, pending, interrupted, failing at an offset.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use arbitrary::{Arbitrary, Unstructured};
use selkie::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What each call does, over and over.
#[derive(Debug, Clone)]
pub struct Script {
    /// Bytes that a call takes at most; 0 says "pending" where that is possible, "interrupted", or takes one,
    /// by turns.
    pub chunks: Vec<u8>,
    /// The offset at which a call fails.
    pub fails_at: Option<usize>,
}

impl<'a> Arbitrary<'a> for Script {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let count = input.int_in_range(1..=6)?;
        let chunks = (0..count)
            .map(|_| input.int_in_range(0..=9))
            .collect::<arbitrary::Result<_>>()?;
        let fails_at = match input.int_in_range(0..=3)? {
            0 => Some(input.int_in_range(0..=60)?),
            _ => None,
        };
        Ok(Self { chunks, fails_at })
    }
}

/// Follows a script over some bytes: read from them, or written to them.
#[derive(Debug, Clone)]
pub struct ScriptedStream {
    script: Script,
    at: usize,
    pub bytes: Vec<u8>,
    offset: usize,
}

/// What the next call does.
enum Next {
    Pending,
    Interrupted,
    Fails,
    Takes(usize),
}

impl ScriptedStream {
    /// Reads `bytes`.
    pub fn reader(script: &Script, bytes: &[u8]) -> Self {
        Self {
            script: script.clone(),
            at: 0,
            bytes: bytes.to_vec(),
            offset: 0,
        }
    }

    /// Takes what is written.
    pub fn writer(script: &Script) -> Self {
        Self::reader(script, &[])
    }

    fn next(&mut self, wanted: usize) -> Next {
        let chunk = usize::from(self.script.chunks[self.at % self.script.chunks.len()]);
        self.at += 1;
        // By the place in the script, so that one of nothing else goes on, too.
        let chunk = match (chunk, self.at % 3) {
            (0, 1) => return Next::Pending,
            (0, 2) => return Next::Interrupted,
            (chunk, _) => chunk.max(1),
        };
        match self.script.fails_at {
            Some(end) if self.offset >= end => Next::Fails,
            Some(end) => Next::Takes(chunk.min(wanted).min(end - self.offset)),
            None => Next::Takes(chunk.min(wanted)),
        }
    }

    fn take(&mut self, buf: &mut [u8], count: usize) -> usize {
        let left = &self.bytes[self.offset.min(self.bytes.len())..];
        let count = count.min(left.len());
        buf[..count].copy_from_slice(&left[..count]);
        self.offset += count;
        count
    }

    fn put(&mut self, buf: &[u8], count: usize) -> usize {
        self.bytes.extend_from_slice(&buf[..count]);
        self.offset += count;
        count
    }
}

fn failure() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "by the script")
}

impl io::Read for ScriptedStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        match self.next(buf.len()) {
            // Nobody waits here.
            Next::Pending | Next::Interrupted => Err(io::ErrorKind::Interrupted.into()),
            Next::Fails => Err(failure()),
            Next::Takes(count) => Ok(self.take(buf, count)),
        }
    }
}

impl io::Write for ScriptedStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        match self.next(buf.len()) {
            Next::Pending | Next::Interrupted => Err(io::ErrorKind::Interrupted.into()),
            Next::Fails => Err(failure()),
            Next::Takes(count) => Ok(self.put(buf, count)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same for `selkie::io`'s traits: their methods have std's names.
#[derive(Debug, Clone)]
pub struct SelkieStream(pub ScriptedStream);

impl SelkieStream {
    /// Reads `bytes`.
    pub fn reader(script: &Script, bytes: &[u8]) -> Self {
        Self(ScriptedStream::reader(script, bytes))
    }

    /// Takes what is written.
    pub fn writer(script: &Script) -> Self {
        Self(ScriptedStream::writer(script))
    }
}

impl AsyncRead for SelkieStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        match self.0.next(buf.remaining()) {
            Next::Pending => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Next::Interrupted => Poll::Ready(Err(io::ErrorKind::Interrupted.into())),
            Next::Fails => Poll::Ready(Err(failure())),
            Next::Takes(count) => {
                let mut bytes = [0; 16];
                let taken = self.0.take(&mut bytes, count);
                buf.put_slice(&bytes[..taken]);
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl AsyncWrite for SelkieStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        match self.0.next(buf.len()) {
            Next::Pending => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Next::Interrupted => Poll::Ready(Err(io::ErrorKind::Interrupted.into())),
            Next::Fails => Poll::Ready(Err(failure())),
            Next::Takes(count) => Poll::Ready(Ok(self.0.put(buf, count))),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
