//! What files have on Unix alone.

use std::io;
use std::path::Path;

use super::dir_builder::DirBuilder;
use super::offload::offload;
use super::open_options::OpenOptions;
use super::read_dir::DirEntry;

/// Makes a symbolic link at `link` that says `original`.
///
/// # Errors
/// What the system says.
pub async fn symlink(original: impl AsRef<Path>, link: impl AsRef<Path>) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    offload(move || std::os::unix::fs::symlink(original, link)).await
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
