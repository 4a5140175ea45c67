//! The content of a regular file: pages that were written, over what a lower layer has, over zeros.
//!
//! A page is shared between the live and the durable image until one of them changes it.
//!
//! Invariants  I1 a live page has zeros beyond the file's size, so that a file that grows has zeros there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::lower::Lower;
use crate::errno::Errno;

/// Bytes of a page, which is what the system's cache reads and writes.
pub(super) const PAGE: usize = 4096;

/// Bytes that a device writes whole.
pub(super) const SECTOR: usize = 512;

/// The bytes of one page.
pub(super) type Page = Arc<[u8; PAGE]>;

/// The file of a lower layer whose first bytes a file still has.
#[derive(Debug, Clone)]
struct LowerFile {
    path: Arc<[u8]>,
    /// Bytes that count; the others were cut off.
    length: u64,
}

/// The bytes of a regular file.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages {
    pub(super) size: u64,
    lower: Option<LowerFile>,
    written: BTreeMap<u64, Page>,
}

impl Pages {
    /// The file of a lower layer at `path`.
    pub(super) fn below(path: Arc<[u8]>, size: u64) -> Self {
        Self {
            size,
            lower: Some(LowerFile { path, length: size }),
            written: BTreeMap::new(),
        }
    }

    /// Pages that take space on the disk.
    pub(super) fn count(&self) -> u64 {
        self.written.len() as u64
    }

    /// The page at `index` if it was written.
    pub(super) fn written(&self, index: u64) -> Option<&Page> {
        self.written.get(&index)
    }

    /// The first page from `index` on that is data, or the first that is a hole.
    pub(super) fn next(&self, index: u64, is_data: bool) -> Option<u64> {
        let below = self.lower.as_ref().map_or(0, |lower| lower.length);
        let pages_below = below.div_ceil(PAGE as u64);
        if is_data && index < pages_below {
            return Some(index);
        }
        if is_data {
            return self.written.range(index..).next().map(|page| *page.0);
        }
        let mut hole = index.max(pages_below);
        for (written, _) in self.written.range(hole..) {
            if *written != hole {
                break;
            }
            hole += 1;
        }
        Some(hole)
    }

    /// Puts a page in.
    pub(super) fn insert(&mut self, index: u64, page: Page) {
        self.written.insert(index, page);
    }

    /// The page at `index`, to change it; what a lower layer has is copied first.
    pub(super) fn page_mut(
        &mut self,
        index: u64,
        lower: Option<&dyn Lower>,
    ) -> Result<&mut [u8; PAGE], Errno> {
        if !self.written.contains_key(&index) {
            let mut page = [0; PAGE];
            self.read_below(index * PAGE as u64, &mut page, lower)?;
            self.written.insert(index, Arc::new(page));
        }
        let page = self.written.get_mut(&index).ok_or(Errno(libc::EIO))?;
        Ok(Arc::make_mut(page))
    }

    /// Fills `buffer` from `offset` on, up to the size; returns how many bytes that were.
    pub(super) fn read(
        &self,
        offset: u64,
        buffer: &mut [u8],
        lower: Option<&dyn Lower>,
    ) -> Result<usize, Errno> {
        let left = self.size.saturating_sub(offset);
        let length = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let mut done = 0;
        while done < length {
            let at = offset + done as u64;
            let within = (at % PAGE as u64) as usize;
            let part = (PAGE - within).min(length - done);
            let into = &mut buffer[done..done + part];
            match self.written.get(&(at / PAGE as u64)) {
                Some(page) => into.copy_from_slice(&page[within..within + part]),
                None => self.read_below(at, into, lower)?,
            }
            done += part;
        }
        Ok(length)
    }

    /// What the lower layer has from `offset` on, then zeros.
    fn read_below(
        &self,
        offset: u64,
        buffer: &mut [u8],
        lower: Option<&dyn Lower>,
    ) -> Result<(), Errno> {
        buffer.fill(0);
        let (Some(file), Some(lower)) = (&self.lower, lower) else {
            return Ok(());
        };
        let left = file.length.saturating_sub(offset);
        let length = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let mut done = 0;
        while done < length {
            let into = &mut buffer[done..length];
            match lower.read(&file.path, offset + done as u64, into)? {
                0 => break,
                count => done += count,
            }
        }
        Ok(())
    }

    /// Sets the size. What is cut off is forgotten; pages that were given beyond the size stay if the file grows.
    pub(super) fn resize(&mut self, size: u64) {
        let is_cut = size < self.size;
        self.size = size;
        if is_cut {
            self.trim();
        }
    }

    /// Forgets what is beyond the size (I1).
    pub(super) fn trim(&mut self) {
        if let Some(lower) = &mut self.lower {
            lower.length = lower.length.min(self.size);
        }
        self.written.split_off(&self.size.div_ceil(PAGE as u64));
        let within = (self.size % PAGE as u64) as usize;
        let last = self.written.get_mut(&(self.size / PAGE as u64));
        if let Some(page) = last.filter(|page| page[within..].iter().any(|&byte| byte != 0)) {
            Arc::make_mut(page)[within..].fill(0);
        }
    }
}
