//! Open files: what `open` makes, `dup` and `fork` share, and the last `close` ends.
//!
//! An [`OpenFile`] is what POSIX calls an open file description: a position, flags, locks. It keeps its file alive when all names are
//! gone. Several descriptors may share one, so it counts them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ino::Ino;
use crate::errno::Errno;

/// An open file of a disk. It is valid until it was closed as often as it was opened and duplicated, or until the disk crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenFile(u64);

/// What an open file is.
#[derive(Debug, Clone)]
pub(super) struct Description {
    pub(super) ino: Ino,
    /// The path by which it was opened, for faults and events.
    pub(super) path: Arc<[u8]>,
    /// The flags of `open`.
    pub(super) flags: i32,
    /// In bytes; in a directory, where its list goes on.
    pub(super) position: u64,
    /// How many failures to write the file's pages it has been notified of.
    pub(super) errors_seen: u64,
    /// How many descriptors share it.
    holders: u64,
}

impl Description {
    pub(super) fn new(ino: Ino, path: Arc<[u8]>, flags: i32, errors_seen: u64) -> Self {
        Self {
            ino,
            path,
            flags,
            position: 0,
            errors_seen,
            holders: 1,
        }
    }

    pub(super) fn has(&self, flag: i32) -> bool {
        self.flags & flag == flag
    }

    pub(super) fn can_read(&self) -> bool {
        !self.has(libc::O_PATH)
            && matches!(self.flags & libc::O_ACCMODE, libc::O_RDONLY | libc::O_RDWR)
    }

    pub(super) fn can_write(&self) -> bool {
        !self.has(libc::O_PATH)
            && matches!(self.flags & libc::O_ACCMODE, libc::O_WRONLY | libc::O_RDWR)
    }
}

/// All open files of a disk.
#[derive(Debug, Default)]
pub(super) struct OpenFiles {
    descriptions: BTreeMap<OpenFile, Description>,
    /// How many open files an inode has.
    counts: BTreeMap<Ino, u64>,
    last: u64,
}

impl OpenFiles {
    pub(super) fn add(&mut self, description: Description) -> OpenFile {
        self.last += 1;
        *self.counts.entry(description.ino).or_default() += 1;
        let file = OpenFile(self.last);
        self.descriptions.insert(file, description);
        file
    }

    pub(super) fn get(&self, file: OpenFile) -> Result<&Description, Errno> {
        self.descriptions.get(&file).ok_or(Errno(libc::EBADF))
    }

    pub(super) fn get_mut(&mut self, file: OpenFile) -> Result<&mut Description, Errno> {
        self.descriptions.get_mut(&file).ok_or(Errno(libc::EBADF))
    }

    pub(super) fn duplicate(&mut self, file: OpenFile) -> Result<(), Errno> {
        self.get_mut(file)?.holders += 1;
        Ok(())
    }

    /// Takes one holder away; returns the inode if that was the last one.
    pub(super) fn close(&mut self, file: OpenFile) -> Result<Option<Ino>, Errno> {
        let description = self.get_mut(file)?;
        description.holders -= 1;
        if description.holders > 0 {
            return Ok(None);
        }
        let ino = description.ino;
        self.descriptions.remove(&file);
        if let Some(count) = self.counts.get_mut(&ino) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&ino);
            }
        }
        Ok(Some(ino))
    }

    pub(super) fn is_open(&self, ino: Ino) -> bool {
        self.counts.contains_key(&ino)
    }

    /// Ends all open files, whose numbers are not used again; returns their inodes.
    pub(super) fn clear(&mut self) -> Vec<Ino> {
        self.descriptions.clear();
        std::mem::take(&mut self.counts).into_keys().collect()
    }
}
