//! The size of files, and the space that they take.

use std::sync::Arc;

use super::disk::Disk;
use super::event::DiskEvent;
use super::ino::Ino;
use super::journal::Change;
use super::open_file::OpenFile;
use super::operation::Operation;
use super::pages::PAGE;
use super::path::FollowMode;
use super::read_write::FILE_MAX;
use crate::errno::Errno;

impl Disk {
    /// Sets the size of an open file, as `ftruncate` does.
    ///
    /// # Errors
    /// `EINVAL` if it was not opened for writing or the size is below zero, `EFBIG` beyond 16 TiB.
    pub fn truncate(&mut self, file: OpenFile, size: i64, now: u64) -> Result<(), Errno> {
        let description = self.files.get(file)?;
        if description.has(libc::O_PATH) {
            return Err(Errno(libc::EBADF));
        }
        let (ino, path) = (description.ino, description.path.clone());
        let can_write = description.can_write();
        let size = size_of(size)?;
        if !can_write {
            return Err(Errno(libc::EINVAL));
        }
        self.live.pages(ino)?;
        self.begin(Operation::Write, &path, 0)?;
        self.resize(ino, size, now)
    }

    /// Sets the size of the file at `path`, as `truncate` does.
    ///
    /// # Errors
    /// `EISDIR` for a directory, `EINVAL` for a size below zero, `EFBIG` beyond 16 TiB.
    pub fn truncate_path(
        &mut self,
        at: Ino,
        path: &[u8],
        size: i64,
        now: u64,
    ) -> Result<(), Errno> {
        u64::try_from(size).map_err(|_| Errno(libc::EINVAL))?;
        let found = self.resolve(at, path, FollowMode::Always)?;
        let ino = found.ino.ok_or(Errno(libc::ENOENT))?;
        self.live.pages(ino)?;
        let size = size_of(size)?;
        let full_path = self.full_path(found.directory, &found.name);
        self.begin(Operation::Write, &full_path, 0)?;
        self.resize(ino, size, now)
    }

    /// Gives a range of a file space on the disk, as `fallocate` does with a `mode` of 0 or `FALLOC_FL_KEEP_SIZE`.
    ///
    /// # Errors
    /// `EOPNOTSUPP` for other modes (holes are not punched), `ENOSPC` if not all of it fits; then nothing has changed.
    pub fn allocate(
        &mut self,
        file: OpenFile,
        mode: i32,
        offset: i64,
        length: i64,
        now: u64,
    ) -> Result<(), Errno> {
        let description = self.files.get(file)?;
        let (ino, path) = (description.ino, description.path.clone());
        let can_write = description.can_write();
        let (Ok(offset), Ok(length @ 1..)) = (u64::try_from(offset), u64::try_from(length)) else {
            return Err(Errno(libc::EINVAL));
        };
        if mode & !libc::FALLOC_FL_KEEP_SIZE != 0 {
            return Err(Errno(libc::EOPNOTSUPP));
        }
        if !can_write {
            return Err(Errno(libc::EBADF));
        }
        let end = offset.saturating_add(length);
        if end > FILE_MAX {
            return Err(Errno(libc::EFBIG));
        }
        let size = self.live.pages(ino)?.size;
        self.begin(Operation::Write, &path, 0)?;
        self.fill_holes(ino, &path, offset, end)?;
        if end > size && mode & libc::FALLOC_FL_KEEP_SIZE == 0 {
            self.resize(ino, end, now)?;
        }
        let attributes = &mut self.live.inode_mut(ino)?.attributes;
        attributes.changed = now;
        Ok(())
    }

    /// Gives the holes from `offset` to `end` pages of zeros.
    fn fill_holes(&mut self, ino: Ino, path: &[u8], offset: u64, end: u64) -> Result<(), Errno> {
        let free = (self.profile.capacity / PAGE as u64).saturating_sub(self.used_pages);
        let pages = self.live.pages_mut(ino)?;
        let last = end.div_ceil(PAGE as u64);
        let mut holes = Vec::new();
        let mut at = offset / PAGE as u64;
        while let Some(hole) = pages.next(at, false).filter(|hole| *hole < last) {
            if holes.len() as u64 == free {
                self.events.push(DiskEvent::Full {
                    path: path.to_vec(),
                    asked: end - offset,
                    written: 0,
                });
                return Err(Errno(libc::ENOSPC));
            }
            holes.push(hole);
            at = hole + 1;
        }
        let zeros = Arc::new([0; PAGE]);
        self.used_pages += holes.len() as u64;
        for hole in holes {
            pages.insert(hole, Arc::clone(&zeros));
        }
        Ok(())
    }

    /// Sets the size of a file. What is cut off is lost; what is added is zeros.
    pub(super) fn resize(&mut self, ino: Ino, size: u64, now: u64) -> Result<(), Errno> {
        let pages = self.live.pages(ino)?;
        let (old_size, old_count) = (pages.size, pages.count());
        if size < old_size {
            // Pages beyond the size go with the live image's change.
            let sequence = self.change(vec![Change::Size { ino, size }]);
            self.cache.cut(ino, size.div_ceil(PAGE as u64), sequence);
        } else if size > old_size {
            self.change(vec![Change::Size { ino, size }]);
        }
        self.used_pages -= old_count - self.live.pages(ino)?.count();
        let attributes = &mut self.live.inode_mut(ino)?.attributes;
        attributes.modified = now;
        attributes.changed = now;
        Ok(())
    }
}

/// The size that a call asks for.
fn size_of(size: i64) -> Result<u64, Errno> {
    let size = u64::try_from(size).map_err(|_| Errno(libc::EINVAL))?;
    if size > FILE_MAX {
        return Err(Errno(libc::EFBIG));
    }
    Ok(size)
}
