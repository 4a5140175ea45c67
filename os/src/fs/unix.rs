//! What files have on Unix alone.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;

use super::dir_builder::DirBuilder;
use super::file::File;
use super::offload::offload;
use super::open_options::OpenOptions;
use super::read_dir::DirEntry;
use crate::sys::allocate_file;

/// Makes a symbolic link at `link` that says `original`.
///
/// # Errors
/// What the system says.
///
/// # Cancel safety
/// Once begun it is done, also if the future drops.
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    offload(move || std::os::unix::fs::symlink(original, link)).await
}

/// Brings the names in `folder` to the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

impl File {
    /// Sees to it that there is room on the disk for `len` bytes from `offset` on, and makes the file
    /// as long as that if it is shorter: a later write there does not fail for want of room.
    ///
    /// # Errors
    /// `StorageFull`, `Unsupported` by the file system or by an operating system other than Linux;
    /// what the system says otherwise.
    ///
    /// # Cancel safety
    /// Once begun it is done, also if the future drops.
    pub async fn fallocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.idle().await;
        let std = Arc::clone(&self.std);
        offload(move || allocate_file(std.as_fd(), offset, len)).await
    }
}

impl DirBuilder {
    /// The permissions of new folders, before the process's mask; 0o777 if never set.
    pub fn mode(&mut self, mode: u32) -> &mut Self {
        self.mode = Some(mode);
        self
    }
}

impl OpenOptions {
    /// The permissions that the file gets if it is created, before the process's mask; 0o666 if
    /// never set.
    pub fn mode(&mut self, mode: u32) -> &mut OpenOptions {
        std::os::unix::fs::OpenOptionsExt::mode(self.std_mut(), mode);
        self
    }

    /// Further flags for the system's `open`, without those of the access mode.
    pub fn custom_flags(&mut self, flags: i32) -> &mut OpenOptions {
        std::os::unix::fs::OpenOptionsExt::custom_flags(self.std_mut(), flags);
        self
    }
}

impl DirEntry {
    /// The number of the entry's inode.
    pub fn ino(&self) -> u64 {
        std::os::unix::fs::DirEntryExt::ino(&*self.std)
    }
}
