//! Reading and writing the bytes of open files.

use super::disk::Disk;
use super::event::DiskEvent;
use super::ino::Ino;
use super::journal::Change;
use super::open_file::{Description, OpenFile};
use super::operation::Operation;
use super::pages::PAGE;
use crate::errno::Errno;

/// Bytes of a file at most, as with ext4's pages of 4096 bytes.
pub(super) const FILE_MAX: u64 = 1 << 44;

/// Nanoseconds of a day, after which reading a file changes its stamp even if nothing was written.
const DAY_NS: u64 = 86_400_000_000_000;

/// Bytes that one call of [`Disk::copy_range`] copies at most.
const COPY_MAX: usize = 1 << 20;

impl Disk {
    /// Reads from the position of `file`, and moves it.
    ///
    /// # Errors
    /// `EBADF` if it was not opened for reading, `EISDIR` for a directory.
    pub fn read(&mut self, file: OpenFile, buffer: &mut [u8], now: u64) -> Result<usize, Errno> {
        let position = self.readable(file)?.position;
        let length = self.read_at(file, position, buffer, now)?;
        self.files.get_mut(file)?.position += length as u64;
        Ok(length)
    }

    /// Reads from `offset`, and leaves the position where it is.
    ///
    /// # Errors
    /// As [`read`](Self::read); `EINVAL` for an offset below zero.
    pub fn pread(
        &mut self,
        file: OpenFile,
        buffer: &mut [u8],
        offset: i64,
        now: u64,
    ) -> Result<usize, Errno> {
        let offset = u64::try_from(offset).map_err(|_| Errno(libc::EINVAL))?;
        self.readable(file)?;
        self.read_at(file, offset, buffer, now)
    }

    /// Writes at the position of `file`, or at its end if it was opened with `O_APPEND`, and moves the position.
    ///
    /// Fewer bytes are written if the disk is full after them.
    ///
    /// # Errors
    /// `EBADF` if it was not opened for writing, `ENOSPC` if not one byte fits, `EFBIG` beyond 16 TiB.
    pub fn write(&mut self, file: OpenFile, bytes: &[u8], now: u64) -> Result<usize, Errno> {
        let description = self.writable(file)?;
        let (ino, is_append) = (description.ino, description.has(libc::O_APPEND));
        let offset = if is_append {
            self.live.pages(ino)?.size
        } else {
            description.position
        };
        let length = self.write_at(file, offset, bytes, now)?;
        // Without a byte, the position stays where it is.
        if length > 0 {
            self.files.get_mut(file)?.position = offset + length as u64;
        }
        Ok(length)
    }

    /// Writes at `offset`, and leaves the position where it is. As on Linux, a file opened with `O_APPEND` is written at its end.
    ///
    /// # Errors
    /// As [`write`](Self::write); `EINVAL` for an offset below zero.
    pub fn pwrite(
        &mut self,
        file: OpenFile,
        bytes: &[u8],
        offset: i64,
        now: u64,
    ) -> Result<usize, Errno> {
        let offset = u64::try_from(offset).map_err(|_| Errno(libc::EINVAL))?;
        let description = self.writable(file)?;
        let (ino, is_append) = (description.ino, description.has(libc::O_APPEND));
        let offset = if is_append {
            self.live.pages(ino)?.size
        } else {
            offset
        };
        self.write_at(file, offset, bytes, now)
    }

    /// Copies bytes from one file to another, as `copy_file_range` does: from the offsets, or from the positions, which move then.
    /// It copies at most 1 MiB per call.
    ///
    /// # Errors
    /// Those of `copy_file_range`; `EINVAL` if the ranges are of one file and overlap.
    pub fn copy_range(
        &mut self,
        (from, from_offset): (OpenFile, Option<u64>),
        (to, to_offset): (OpenFile, Option<u64>),
        length: usize,
        now: u64,
    ) -> Result<usize, Errno> {
        let (source, target) = (self.readable(from)?.clone(), self.writable(to)?.clone());
        let size = self.live.pages(source.ino)?.size;
        self.live.pages(target.ino)?;
        if target.has(libc::O_APPEND) {
            return Err(Errno(libc::EBADF));
        }
        let start = from_offset.unwrap_or(source.position);
        let end = to_offset.unwrap_or(target.position);
        let left = usize::try_from(size.saturating_sub(start)).unwrap_or(usize::MAX);
        let length = length.min(left);
        if source.ino == target.ino && start.abs_diff(end) < length as u64 {
            return Err(Errno(libc::EINVAL));
        }
        let mut bytes = vec![0; length.min(COPY_MAX)];
        let count = self.read_at(from, start, &mut bytes, now)?;
        if count == 0 {
            return Ok(0);
        }
        let count = self.write_at(to, end, &bytes[..count], now)?;
        for (file, offset) in [(from, from_offset), (to, to_offset)] {
            if offset.is_none() {
                self.files.get_mut(file)?.position += count as u64;
            }
        }
        Ok(count)
    }

    fn readable(&self, file: OpenFile) -> Result<&Description, Errno> {
        let description = self.files.get(file)?;
        if !description.can_read() {
            return Err(Errno(libc::EBADF));
        }
        Ok(description)
    }

    pub(super) fn writable(&self, file: OpenFile) -> Result<&Description, Errno> {
        let description = self.files.get(file)?;
        if !description.can_write() {
            return Err(Errno(libc::EBADF));
        }
        Ok(description)
    }

    fn read_at(
        &mut self,
        file: OpenFile,
        offset: u64,
        buffer: &mut [u8],
        now: u64,
    ) -> Result<usize, Errno> {
        let description = self.files.get(file)?;
        let (ino, path) = (description.ino, description.path.clone());
        self.live.pages(ino)?;
        self.begin(Operation::Read, &path, buffer.len() as u64)?;
        let pages = self.live.pages(ino)?;
        let length = pages.read(offset, buffer, self.lower.as_deref())?;
        if !buffer.is_empty() {
            self.stamp_read(ino, now)?;
        }
        Ok(length)
    }

    /// The stamp of a read, as `relatime` has it: only if it would be before that of the last change, or a day old.
    pub(super) fn stamp_read(&mut self, ino: Ino, now: u64) -> Result<(), Errno> {
        let attributes = &mut self.live.inode_mut(ino)?.attributes;
        let last_change = attributes.modified.max(attributes.changed);
        let is_old = now.saturating_sub(attributes.accessed) >= DAY_NS;
        if attributes.accessed <= last_change || is_old {
            attributes.accessed = now;
        }
        Ok(())
    }

    fn write_at(
        &mut self,
        file: OpenFile,
        offset: u64,
        bytes: &[u8],
        now: u64,
    ) -> Result<usize, Errno> {
        let description = self.files.get(file)?;
        let is_synced = description.has(libc::O_DSYNC);
        let (ino, path) = (description.ino, description.path.clone());
        self.live.pages(ino)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        self.begin(Operation::Write, &path, bytes.len() as u64)?;
        let room = usize::try_from(FILE_MAX.saturating_sub(offset)).unwrap_or(usize::MAX);
        if room == 0 {
            return Err(Errno(libc::EFBIG));
        }
        let bytes = &bytes[..bytes.len().min(room)];
        let length = self.write_pages(ino, offset, bytes)?;
        if length < bytes.len() {
            self.events.push(DiskEvent::Full {
                path: path.to_vec(),
                asked: bytes.len() as u64,
                written: length as u64,
            });
        }
        if length == 0 {
            return Err(Errno(libc::ENOSPC));
        }
        let end = offset + length as u64;
        if end > self.live.pages(ino)?.size {
            self.change(vec![Change::Size { ino, size: end }]);
        }
        let attributes = &mut self.live.inode_mut(ino)?.attributes;
        attributes.modified = now;
        attributes.changed = now;
        self.write_back_some(ino, &path);
        if is_synced {
            self.sync_data(file)?;
        }
        Ok(length)
    }

    /// Writes as much as fits, and marks the pages.
    fn write_pages(&mut self, ino: Ino, offset: u64, bytes: &[u8]) -> Result<usize, Errno> {
        let capacity_pages = self.profile.capacity / PAGE as u64;
        let pages = self.live.pages_mut(ino)?;
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done as u64;
            let (index, within) = (at / PAGE as u64, (at % PAGE as u64) as usize);
            let part = (PAGE - within).min(bytes.len() - done);
            let is_new = pages.written(index).is_none();
            if is_new && self.used_pages >= capacity_pages {
                break;
            }
            match pages.page_mut(index, self.lower.as_deref()) {
                Ok(page) => page[within..within + part].copy_from_slice(&bytes[done..done + part]),
                // What was written before is reported; the next call meets the error.
                Err(_) if done > 0 => break,
                Err(error) => return Err(error),
            }
            self.used_pages += u64::from(is_new);
            self.cache.mark(ino, index);
            done += part;
        }
        Ok(done)
    }
}
