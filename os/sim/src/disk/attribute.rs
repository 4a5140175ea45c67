//! What `stat` says, and what `chmod`, `chown` and `utimensat` change of it.

use super::disk::Disk;
use super::ino::Ino;
use super::inode::{Attributes, Kind, Metadata};
use super::journal::Change;
use super::open_file::OpenFile;
use super::operation::Operation;
use super::path::{FollowMode, ResolvedPath};
use crate::errno::Errno;

/// What `utimensat` does with a stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StampChange {
    /// Leaves it (`UTIME_OMIT`).
    Omit,
    /// Sets it to the present time (`UTIME_NOW`).
    Now,
    /// Sets it, in nanoseconds.
    At(u64),
}

impl StampChange {
    fn apply(self, stamp: &mut u64, now: u64) {
        match self {
            Self::Omit => {}
            Self::Now => *stamp = now,
            Self::At(time) => *stamp = time,
        }
    }
}

/// Whether the last symbolic link of a path is followed.
fn follow(is_followed: bool) -> FollowMode {
    if is_followed {
        FollowMode::Always
    } else {
        FollowMode::Slash
    }
}

impl Disk {
    /// What is at `path`: `stat` if a symbolic link at its end is followed, else `lstat`.
    ///
    /// # Errors
    /// Those of `stat`.
    pub fn stat(&mut self, at: Ino, path: &[u8], is_followed: bool) -> Result<Metadata, Errno> {
        let found = self.resolve(at, path, follow(is_followed))?;
        let ino = found.ino.ok_or(Errno(libc::ENOENT))?;
        let path = self.full_path(found.directory, &found.name);
        self.begin(Operation::Stat, &path, 0)?;
        self.metadata(ino)
    }

    /// What `file` is, as `fstat` says.
    ///
    /// # Errors
    /// `EBADF` if it is not open.
    pub fn stat_file(&mut self, file: OpenFile) -> Result<Metadata, Errno> {
        let description = self.files.get(file)?;
        let (ino, path) = (description.ino, description.path.clone());
        self.begin(Operation::Stat, &path, 0)?;
        self.metadata(ino)
    }

    /// What a directory is, without a path.
    ///
    /// # Errors
    /// `ENOENT` if it is gone.
    pub fn metadata(&self, ino: Ino) -> Result<Metadata, Errno> {
        let inode = self.live.inode(ino)?;
        let mut metadata = inode.metadata(ino);
        let is_linked = inode.links > 0 || ino == self.root();
        if metadata.kind == Kind::Directory {
            // `.`, the entry, and the `..` of each directory in it.
            metadata.links = if is_linked {
                2 + self.live.directories_in(ino)
            } else {
                0
            };
        }
        Ok(metadata)
    }

    /// Changes the permissions of what is at `path`. They are kept, and not checked.
    ///
    /// # Errors
    /// Those of `chmod`; `EOPNOTSUPP` for a symbolic link itself.
    pub fn chmod(
        &mut self,
        at: Ino,
        path: &[u8],
        is_followed: bool,
        mode: u32,
        now: u64,
    ) -> Result<(), Errno> {
        let found = self.resolve(at, path, follow(is_followed))?;
        if found
            .ino
            .is_some_and(|ino| self.kind(ino) == Ok(Kind::Symlink))
        {
            return Err(Errno(libc::EOPNOTSUPP));
        }
        self.change_found(&found, now, |attributes| attributes.mode = mode & 0o7777)
    }

    /// Changes the permissions of an open file.
    ///
    /// # Errors
    /// `EBADF` if it is not open.
    pub fn chmod_file(&mut self, file: OpenFile, mode: u32, now: u64) -> Result<(), Errno> {
        self.change_file(file, now, |attributes| attributes.mode = mode & 0o7777)
    }

    /// Changes the owner and the group of what is at `path`; `None` leaves one as it is.
    ///
    /// # Errors
    /// Those of `chown`.
    pub fn chown(
        &mut self,
        at: Ino,
        path: &[u8],
        is_followed: bool,
        owner: (Option<u32>, Option<u32>),
        now: u64,
    ) -> Result<(), Errno> {
        let found = self.resolve(at, path, follow(is_followed))?;
        self.change_found(&found, now, |attributes| set_owner(attributes, owner))
    }

    /// Changes the owner and the group of an open file.
    ///
    /// # Errors
    /// `EBADF` if it is not open.
    pub fn chown_file(
        &mut self,
        file: OpenFile,
        owner: (Option<u32>, Option<u32>),
        now: u64,
    ) -> Result<(), Errno> {
        self.change_file(file, now, |attributes| set_owner(attributes, owner))
    }

    /// Changes the stamps of what is at `path`: when it was read, and when it was changed.
    ///
    /// # Errors
    /// Those of `utimensat`.
    pub fn set_times(
        &mut self,
        at: Ino,
        path: &[u8],
        is_followed: bool,
        times: (StampChange, StampChange),
        now: u64,
    ) -> Result<(), Errno> {
        let found = self.resolve(at, path, follow(is_followed))?;
        self.change_found(&found, now, |attributes| {
            set_times(attributes, times, now);
        })
    }

    /// Changes the stamps of an open file.
    ///
    /// # Errors
    /// `EBADF` if it is not open.
    pub fn set_times_file(
        &mut self,
        file: OpenFile,
        times: (StampChange, StampChange),
        now: u64,
    ) -> Result<(), Errno> {
        self.change_file(file, now, |attributes| set_times(attributes, times, now))
    }

    fn change_found(
        &mut self,
        found: &ResolvedPath,
        now: u64,
        change: impl FnOnce(&mut Attributes),
    ) -> Result<(), Errno> {
        let ino = found.ino.ok_or(Errno(libc::ENOENT))?;
        let path = self.full_path(found.directory, &found.name);
        self.change_attributes(ino, &path, now, change)
    }

    fn change_file(
        &mut self,
        file: OpenFile,
        now: u64,
        change: impl FnOnce(&mut Attributes),
    ) -> Result<(), Errno> {
        let description = self.files.get(file)?;
        if description.has(libc::O_PATH) {
            return Err(Errno(libc::EBADF));
        }
        let (ino, path) = (description.ino, description.path.clone());
        self.change_attributes(ino, &path, now, change)
    }

    fn change_attributes(
        &mut self,
        ino: Ino,
        path: &[u8],
        now: u64,
        change: impl FnOnce(&mut Attributes),
    ) -> Result<(), Errno> {
        self.begin(Operation::Change, path, 0)?;
        let mut attributes = self.live.inode(ino)?.attributes;
        change(&mut attributes);
        attributes.changed = now;
        self.change(vec![Change::Attributes { ino, attributes }]);
        Ok(())
    }
}

fn set_owner(attributes: &mut Attributes, (uid, gid): (Option<u32>, Option<u32>)) {
    attributes.uid = uid.unwrap_or(attributes.uid);
    attributes.gid = gid.unwrap_or(attributes.gid);
}

fn set_times(
    attributes: &mut Attributes,
    (accessed, modified): (StampChange, StampChange),
    now: u64,
) {
    accessed.apply(&mut attributes.accessed, now);
    modified.apply(&mut attributes.modified, now);
}
