//! The buffer that travels between a file and the blocking pool.
//!
//! Invariants  I1 `start <= end <= bytes.len()`; `bytes[start..end]` is what there is.
//!             I2 `bytes` never shrinks: what was zeroed once is not zeroed again.

use std::io::{self, Read, Write};

use crate::io::ReadBuf;

/// Bytes that were read and not handed out, or taken and not written.
#[derive(Debug, Default)]
pub(super) struct FileBuf {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl FileBuf {
    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes that are here.
    pub(super) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Hands out what fits into `target`.
    pub(super) fn hand_out(&mut self, target: &mut ReadBuf<'_>) {
        let n = self.len().min(target.remaining());
        target.put_slice(&self.bytes[self.start..self.start + n]);
        self.start += n;
    }

    /// Takes up to `limit` bytes of `source` and says how many.
    pub(super) fn take(&mut self, source: &[u8], limit: usize) -> usize {
        let n = source.len().min(limit);
        self.room(n).copy_from_slice(&source[..n]);
        self.end = n;
        n
    }

    /// Takes up to `limit` bytes of `sources` and says how many.
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
        total
    }

    /// Drops what is here and says how much it was.
    pub(super) fn discard(&mut self) -> usize {
        let n = self.len();
        self.start = 0;
        self.end = 0;
        n
    }

    /// Reads once, up to `limit` bytes.
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

    /// Writes all that is here; nothing is here afterwards.
    pub(super) fn drain(&mut self, mut file: impl Write) -> io::Result<()> {
        let outcome = file.write_all(&self.bytes[self.start..self.end]);
        self.discard();
        outcome
    }

    /// Makes the buffer empty, with room for `n` bytes.
    fn room(&mut self, n: usize) -> &mut [u8] {
        self.discard();
        if self.bytes.len() < n {
            self.bytes.resize(n, 0); // I2
        }
        &mut self.bytes[..n]
    }
}
