//! Making and removing entries: directories, hard links, symbolic links.

use std::sync::Arc;

use super::directory::{Directory, Name};
use super::disk::Disk;
use super::ino::Ino;
use super::inode::{InodeData, Kind};
use super::operation::Operation;
use super::path::{FollowMode, LastPart, PATH_MAX, ResolvedPath};
use crate::errno::Errno;

/// Names of one file at most, as with ext4.
const LINK_MAX: u32 = 65_000;

impl Disk {
    /// Makes a directory.
    ///
    /// # Errors
    /// `EEXIST` if anything is there, `ENOENT` if its parent is not, `ENOSPC` if the disk has no inode left.
    pub fn mkdir(&mut self, at: Ino, path: &[u8], mode: u32, now: u64) -> Result<(), Errno> {
        let found = self.vacant(at, path)?;
        let directory = Directory::new(found.directory, found.name.clone(), None);
        self.begin_entry(&found)?;
        self.add_entry(&found, InodeData::Directory(directory), mode, now)?;
        Ok(())
    }

    /// Makes a symbolic link to `target` at `path`.
    ///
    /// # Errors
    /// `EEXIST` if anything is there, `ENOENT` if its parent is not or the target is empty.
    pub fn symlink(&mut self, target: &[u8], at: Ino, path: &[u8], now: u64) -> Result<(), Errno> {
        check_target(target)?;
        let found = self.vacant(at, path)?;
        if found.has_slash {
            return Err(Errno(libc::ENOENT));
        }
        self.begin_entry(&found)?;
        self.add_entry(&found, InodeData::Symlink(Arc::from(target)), 0o777, now)?;
        Ok(())
    }

    /// Makes the file that a local socket is bound to.
    ///
    /// # Errors
    /// `EEXIST` if anything is there, `ENOENT` if its directory is not.
    pub fn make_socket(&mut self, at: Ino, path: &[u8], mode: u32, now: u64) -> Result<Ino, Errno> {
        let found = self.vacant(at, path)?;
        if found.has_slash {
            return Err(Errno(libc::ENOENT));
        }
        self.begin_entry(&found)?;
        self.add_entry(&found, InodeData::Special(libc::S_IFSOCK), mode, now)
    }

    /// The target of the symbolic link at `path`.
    ///
    /// # Errors
    /// `EINVAL` if it is none.
    pub fn read_link(&mut self, at: Ino, path: &[u8]) -> Result<Vec<u8>, Errno> {
        let ino = self.lookup(at, path, FollowMode::Slash)?;
        match &self.live.inode(ino)?.content {
            InodeData::Symlink(target) => Ok(target.to_vec()),
            _ => Err(Errno(libc::EINVAL)),
        }
    }

    /// Gives the file at `old` a second name. A symbolic link is followed only if `is_followed` says so (`AT_SYMLINK_FOLLOW`).
    ///
    /// # Errors
    /// `EPERM` for a directory, `EEXIST` if anything is at the new name, `EMLINK` beyond 65,000 names.
    pub fn link(
        &mut self,
        (old_at, old): (Ino, &[u8]),
        (new_at, new): (Ino, &[u8]),
        is_followed: bool,
        now: u64,
    ) -> Result<(), Errno> {
        let follow = if is_followed {
            FollowMode::Always
        } else {
            FollowMode::Slash
        };
        let ino = self.lookup(old_at, old, follow)?;
        let found = self.vacant(new_at, new)?;
        if found.has_slash {
            return Err(Errno(libc::ENOENT));
        }
        if self.kind(ino)? == Kind::Directory {
            return Err(Errno(libc::EPERM));
        }
        match self.live.inode(ino)?.links {
            0 => return Err(Errno(libc::ENOENT)),
            LINK_MAX.. => return Err(Errno(libc::EMLINK)),
            _ => {}
        }
        self.begin_entry(&found)?;
        self.check_directory(found.directory)?;
        self.set_entries([(found.directory, found.name, Some(ino))], now);
        self.live.inode_mut(ino)?.attributes.changed = now;
        Ok(())
    }

    /// Removes the name at `path`. The file stays while it has other names or is open.
    ///
    /// # Errors
    /// `EISDIR` for a directory.
    pub fn unlink(&mut self, at: Ino, path: &[u8], now: u64) -> Result<(), Errno> {
        let found = self.resolve(at, path, FollowMode::Never)?;
        if found.last != LastPart::Name {
            return Err(Errno(libc::EISDIR));
        }
        let ino = found.ino.ok_or(Errno(libc::ENOENT))?;
        match (self.kind(ino)?, found.has_slash) {
            (Kind::Directory, _) => return Err(Errno(libc::EISDIR)),
            (_, true) => return Err(Errno(libc::ENOTDIR)),
            _ => {}
        }
        self.begin_entry(&found)?;
        self.remove_entry(&found, ino, now)
    }

    /// Removes the directory at `path`.
    ///
    /// # Errors
    /// `ENOTEMPTY` if it has entries, `ENOTDIR` if it is none, `EINVAL` for `.`, `EBUSY` for the root.
    pub fn rmdir(&mut self, at: Ino, path: &[u8], now: u64) -> Result<(), Errno> {
        let found = self.resolve(at, path, FollowMode::Never)?;
        match found.last {
            LastPart::Name => {}
            LastPart::Dot => return Err(Errno(libc::EINVAL)),
            LastPart::DotDot => return Err(Errno(libc::ENOTEMPTY)),
            LastPart::Root => return Err(Errno(libc::EBUSY)),
        }
        let ino = found.ino.ok_or(Errno(libc::ENOENT))?;
        self.live.directory(ino)?;
        if !self.is_empty(ino)? {
            return Err(Errno(libc::ENOTEMPTY));
        }
        self.begin_entry(&found)?;
        self.remove_entry(&found, ino, now)
    }

    /// Where an entry is to be made: there is none yet.
    fn vacant(&mut self, at: Ino, path: &[u8]) -> Result<ResolvedPath, Errno> {
        let found = self.resolve(at, path, FollowMode::Never)?;
        if found.ino.is_some() {
            return Err(Errno(libc::EEXIST));
        }
        self.check_directory(found.directory)?;
        Ok(found)
    }

    fn begin_entry(&mut self, found: &ResolvedPath) -> Result<(), Errno> {
        let path = self.full_path(found.directory, &found.name);
        self.begin(Operation::Change, &path, 0)
    }

    fn remove_entry(&mut self, found: &ResolvedPath, ino: Ino, now: u64) -> Result<(), Errno> {
        let name: Name = found.name.clone();
        self.set_entries([(found.directory, name, None)], now);
        self.live.inode_mut(ino)?.attributes.changed = now;
        self.release(ino);
        Ok(())
    }
}

fn check_target(target: &[u8]) -> Result<(), Errno> {
    match target.len() {
        0 => Err(Errno(libc::ENOENT)),
        PATH_MAX.. => Err(Errno(libc::ENAMETOOLONG)),
        _ => Ok(()),
    }
}
