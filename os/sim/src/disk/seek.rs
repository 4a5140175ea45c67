//! The position of an open file.

use super::disk::Disk;
use super::ino::Ino;
use super::inode::Kind;
use super::open_file::OpenFile;
use super::pages::PAGE;
use super::read_write::FILE_MAX;
use crate::errno::Errno;

impl Disk {
    /// Moves the position of `file`, as `lseek` does; returns it. In a directory it is that of an entry
    /// ([`DirectoryEntry::next`](super::DirectoryEntry::next)).
    ///
    /// # Errors
    /// `EINVAL` for a position below zero, `ENXIO` if there is no data or hole.
    pub fn seek(&mut self, file: OpenFile, offset: i64, whence: i32) -> Result<u64, Errno> {
        let description = self.files.get(file)?;
        if description.has(libc::O_PATH) {
            return Err(Errno(libc::EBADF));
        }
        let (ino, now_at) = (description.ino, description.position);
        let is_file = self.kind(ino)? == Kind::File;
        let size = if is_file {
            self.live.pages(ino)?.size
        } else {
            0
        };
        let from = match whence {
            libc::SEEK_SET => 0,
            libc::SEEK_CUR => now_at,
            libc::SEEK_END => size,
            libc::SEEK_DATA | libc::SEEK_HOLE => {
                let position = u64::try_from(offset).map_err(|_| Errno(libc::ENXIO))?;
                let is_data = whence == libc::SEEK_DATA;
                let found = self.find(ino, position, is_data)?;
                self.files.get_mut(file)?.position = found;
                return Ok(found);
            }
            _ => return Err(Errno(libc::EINVAL)),
        };
        let position = from.checked_add_signed(offset).ok_or(Errno(libc::EINVAL))?;
        if is_file && position > FILE_MAX {
            return Err(Errno(libc::EINVAL));
        }
        self.files.get_mut(file)?.position = position;
        Ok(position)
    }

    /// The first data or hole at or after `from`. The end of a file is a hole.
    fn find(&self, ino: Ino, from: u64, is_data: bool) -> Result<u64, Errno> {
        let pages = self.live.pages(ino).map_err(|_| Errno(libc::EINVAL))?;
        if from >= pages.size {
            return Err(Errno(libc::ENXIO));
        }
        let page = PAGE as u64;
        let last = pages.size.div_ceil(page);
        let found = pages
            .next(from / page, is_data)
            .filter(|index| *index < last);
        match found {
            Some(index) => Ok(from.max(index * page)),
            None if is_data => Err(Errno(libc::ENXIO)),
            None => Ok(pages.size),
        }
    }
}
