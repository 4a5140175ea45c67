//! The buffer that travels between a file and the blocking pool.
//!
//! Invariants  I1 `start <= end <= bytes.len()`; `bytes[start..end]` is the contents.
//!             I2 `bytes` never shrinks: what was zeroed once is not zeroed again, except pages that come zeroed
//!                from the system.
//!             I3 the contents were read ahead; or, while `is_unwritten`, they were accepted to be written and are
//!                not written yet: then they are never handed out, and never undone as if they had been read.

use std::io::{self, Read, Write};

use crate::async_io::ReadBuf;

/// From this size on the allocator asks the system for separate memory.
const LARGE: usize = 1 << 20;

/// Bytes that were read and not handed out, or accepted and not written.
#[derive(Debug, Default)]
pub(super) struct FileBuf {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    is_unwritten: bool,
}

impl FileBuf {
    /// How many bytes were read ahead.
    pub(super) const fn unread(&self) -> usize {
        if self.is_unwritten {
            0 // I3
        } else {
            self.end - self.start
        }
    }

    /// Whether the contents were accepted and are not written.
    pub(super) const fn is_unwritten(&self) -> bool {
        self.is_unwritten
    }

    /// Hands out as much as fits into `target`.
    #[inline]
    pub(super) fn hand_out(&mut self, target: &mut ReadBuf<'_>) {
        let n = self.unread().min(target.remaining());
        target.put_slice(&self.bytes[self.start..self.start + n]);
        self.start += n;
    }

    /// Accepts up to `limit` bytes of `source`, and returns how many.
    #[inline]
    pub(super) fn take(&mut self, source: &[u8], limit: usize) -> usize {
        let n = source.len().min(limit);
        self.room(n).copy_from_slice(&source[..n]);
        self.end = n;
        self.is_unwritten = true;
        n
    }

    /// Accepts up to `limit` bytes of `sources`, and returns how many.
    #[inline]
    pub(super) fn take_vectored(&mut self, sources: &[io::IoSlice<'_>], limit: usize) -> usize {
        let total = sources
            .iter()
            .map(|source| source.len())
            .sum::<usize>()
            .min(limit);
        let mut room = self.room(total);
        for source in sources {
            let (here, rest) = room.split_at_mut(source.len().min(room.len()));
            here.copy_from_slice(&source[..here.len()]);
            room = rest;
        }
        self.end = total;
        self.is_unwritten = true;
        total
    }

    /// Drops the contents, and returns how many bytes had been read ahead.
    #[inline]
    pub(super) fn discard(&mut self) -> usize {
        let n = self.unread();
        self.start = 0;
        self.end = 0;
        self.is_unwritten = false;
        n
    }

    /// Reads once, up to `limit` bytes.
    #[inline]
    pub(super) fn fill(&mut self, mut file: impl Read, limit: usize) -> io::Result<usize> {
        let n = loop {
            match file.read(self.room(limit)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => break outcome?,
            }
        };
        self.end = n;
        Ok(n)
    }

    /// Writes the contents, and returns how many bytes that were; what cannot be written stays, to be tried
    /// again.
    #[inline]
    pub(super) fn drain(&mut self, mut file: impl Write) -> io::Result<usize> {
        let n = self.end - self.start;
        while self.start < self.end {
            match file.write(&self.bytes[self.start..self.end]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.start += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.discard();
        Ok(n)
    }

    /// Makes the buffer empty, with room for `n` bytes.
    #[inline]
    fn room(&mut self, n: usize) -> &mut [u8] {
        self.discard();
        if self.bytes.len() < n && n >= LARGE {
            // The system's pages are zero, and cost nothing before they are touched.
            self.bytes = vec![0; n];
        } else if self.bytes.len() < n {
            self.bytes.resize(n, 0); // I2
        }
        &mut self.bytes[..n]
    }
}
