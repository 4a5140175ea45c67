//! Opening, duplicating and closing files.

use std::sync::Arc;

use super::directory::Name;
use super::disk::Disk;
use super::ino::Ino;
use super::inode::{InodeData, Kind};
use super::journal::Change;
use super::lock::Lock;
use super::open_file::{Description, OpenFile};
use super::operation::Operation;
use super::pages::Pages;
use super::path::{FollowMode, LastPart, ResolvedPath};
use crate::errno::Errno;

impl Disk {
    /// Opens the file at `path`, as `openat` does; `flags` and `mode` are its.
    ///
    /// # Errors
    /// Those of `openat`; `EOPNOTSUPP` for `O_TMPFILE`.
    pub fn open(
        &mut self,
        at: Ino,
        path: &[u8],
        flags: i32,
        mode: u32,
        now: u64,
    ) -> Result<OpenFile, Errno> {
        let has = |flag: i32| flags & flag == flag;
        if has(libc::O_TMPFILE) {
            return Err(Errno(libc::EOPNOTSUPP));
        }
        let is_path = has(libc::O_PATH);
        let creates = has(libc::O_CREAT) && !is_path;
        if creates && has(libc::O_DIRECTORY) {
            return Err(Errno(libc::EINVAL));
        }
        let is_exclusive = creates && has(libc::O_EXCL);
        let follow = match (creates, is_exclusive || has(libc::O_NOFOLLOW)) {
            (true, true) => FollowMode::Never,
            (true, false) => FollowMode::Create,
            (false, true) => FollowMode::Slash,
            (false, false) => FollowMode::Always,
        };
        let found = self.resolve(at, path, follow)?;
        if creates && found.last == LastPart::Name && found.has_slash {
            return Err(Errno(libc::EISDIR));
        }
        let full_path = self.full_path(found.directory, &found.name);
        let ino = match found.ino {
            Some(_) if is_exclusive => return Err(Errno(libc::EEXIST)),
            Some(ino) => {
                self.check_open(ino, flags, creates)?;
                self.begin(Operation::Open, &full_path, 0)?;
                ino
            }
            None if creates => {
                self.begin(Operation::Open, &full_path, 0)?;
                self.add_entry(&found, InodeData::File(Pages::default()), mode, now)?
            }
            None => return Err(Errno(libc::ENOENT)),
        };
        if has(libc::O_TRUNC) && !is_path && self.kind(ino)? == Kind::File {
            self.resize(ino, 0, now)?;
        }
        let errors = self.cache.errors(ino);
        // A failure that nobody has been notified of is reported to whoever opens the file next.
        let unseen = u64::from(!errors.is_seen && errors.count > 0);
        let errors_seen = errors.count - unseen;
        let description = Description::new(ino, Arc::from(full_path), flags, errors_seen);
        Ok(self.files.add(description))
    }

    /// Whether a file that is there may be opened so.
    fn check_open(&self, ino: Ino, flags: i32, creates: bool) -> Result<(), Errno> {
        let has = |flag: i32| flags & flag == flag;
        let kind = self.kind(ino)?;
        if has(libc::O_DIRECTORY) && kind != Kind::Directory {
            return Err(Errno(libc::ENOTDIR));
        }
        if has(libc::O_PATH) {
            return Ok(());
        }
        let writes = flags & libc::O_ACCMODE != libc::O_RDONLY || has(libc::O_TRUNC);
        match kind {
            Kind::Symlink => Err(Errno(libc::ELOOP)),
            Kind::Special => Err(Errno(libc::ENXIO)),
            Kind::Directory if creates || writes => Err(Errno(libc::EISDIR)),
            Kind::Directory | Kind::File => Ok(()),
        }
    }

    /// Makes an inode and its first entry, at a path where nothing is.
    pub(super) fn add_entry(
        &mut self,
        at: &ResolvedPath,
        content: InodeData,
        mode: u32,
        now: u64,
    ) -> Result<Ino, Errno> {
        self.check_directory(at.directory)?;
        if self.live.len() >= self.profile.inodes {
            return Err(Errno(libc::ENOSPC));
        }
        let ino = self.add_inode(content, mode, now);
        self.set_entries([(at.directory, at.name.clone(), Some(ino))], now);
        Ok(ino)
    }

    /// Whether entries may be added to a directory: one that was removed takes none.
    pub(super) fn check_directory(&self, directory: Ino) -> Result<(), Errno> {
        let inode = self.live.inode(directory)?;
        if inode.links == 0 && directory != self.root() {
            return Err(Errno(libc::ENOENT));
        }
        Ok(())
    }

    /// Changes entries as one operation, and stamps their directories.
    pub(super) fn set_entries<const N: usize>(
        &mut self,
        entries: [(Ino, Name, Option<Ino>); N],
        now: u64,
    ) {
        let directories = entries.each_ref().map(|entry| entry.0);
        let change = |(directory, name, to)| Change::Entry {
            directory,
            name,
            to,
        };
        self.change(entries.map(change).into());
        for directory in directories {
            if let Ok(inode) = self.live.inode_mut(directory) {
                inode.attributes.modified = now;
                inode.attributes.changed = now;
            }
        }
    }

    /// Says that one more descriptor has `file`, as after `dup` or `fork`. It is closed once more, then.
    ///
    /// # Errors
    /// `EBADF` if it is not open.
    pub fn duplicate(&mut self, file: OpenFile) -> Result<(), Errno> {
        self.files.duplicate(file)
    }

    /// Says that one descriptor less has `file`. The last one ends its locks, and its file if that has no name.
    ///
    /// # Errors
    /// `EBADF` if it is not open.
    pub fn close(&mut self, file: OpenFile) -> Result<(), Errno> {
        if let Some(ino) = self.files.close(file)? {
            self.locks.release(ino, file);
            self.release(ino);
        }
        Ok(())
    }

    /// Ends all open files and locks, as the end of all processes does. Nothing is lost by that: the system writes the rest later.
    /// It is [`crash`](Self::crash) that loses what was not synced.
    pub fn close_all(&mut self) {
        self.locks.clear();
        for ino in self.files.clear() {
            self.release(ino);
        }
    }

    /// The directory that `file` is, as `openat` and `fchdir` need it.
    ///
    /// # Errors
    /// `ENOTDIR` if it is none.
    pub fn directory_of(&self, file: OpenFile) -> Result<Ino, Errno> {
        let ino = self.files.get(file)?.ino;
        self.live.directory(ino)?;
        Ok(ino)
    }

    /// The flags that `file` was opened with, as `F_GETFL` says.
    ///
    /// # Errors
    /// `EBADF` if it is not open.
    pub fn flags(&self, file: OpenFile) -> Result<i32, Errno> {
        let once = libc::O_CREAT | libc::O_EXCL | libc::O_TRUNC | libc::O_NOCTTY | libc::O_CLOEXEC;
        Ok(self.files.get(file)?.flags & !once)
    }

    /// Changes `O_APPEND` and `O_NONBLOCK`, as `F_SETFL` does; other flags stay.
    ///
    /// # Errors
    /// `EBADF` if it is not open.
    pub fn set_flags(&mut self, file: OpenFile, flags: i32) -> Result<(), Errno> {
        let may_change = libc::O_APPEND | libc::O_NONBLOCK;
        let description = self.files.get_mut(file)?;
        description.flags = description.flags & !may_change | flags & may_change;
        Ok(())
    }

    /// Locks or unlocks a file, as `flock` does with `LOCK_NB`: it never waits. A caller that is to wait tries again after the next
    /// [`close`](Self::close) or unlock. As on Linux, a lock that is to be changed is gone even if the new one would block.
    ///
    /// # Errors
    /// `EWOULDBLOCK` if another open file has a lock that excludes it.
    pub fn flock(&mut self, file: OpenFile, lock: Lock) -> Result<(), Errno> {
        let description = self.files.get(file)?;
        if description.has(libc::O_PATH) {
            return Err(Errno(libc::EBADF));
        }
        self.locks.change(description.ino, file, lock)
    }
}
