//! Advisory locks of whole files, as `flock` has them. They belong to open files and end with them.

use std::collections::BTreeMap;

use super::ino::Ino;
use super::open_file::OpenFile;
use crate::errno::Errno;

/// What an open file asks of `flock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// No lock.
    None,
    /// A lock that others may have at the same time.
    Shared,
    /// A lock that nobody else may have.
    Exclusive,
}

/// Who has locked what.
#[derive(Debug, Default)]
pub(super) struct Locks {
    held: BTreeMap<Ino, BTreeMap<OpenFile, Lock>>,
}

impl Locks {
    /// Ends the lock that `file` has on `ino`.
    pub(super) fn release(&mut self, ino: Ino, file: OpenFile) {
        if let Some(held) = self.held.get_mut(&ino) {
            held.remove(&file);
            if held.is_empty() {
                self.held.remove(&ino);
            }
        }
    }

    /// Gives `file` a lock on `ino`, in place of the one that it has. That one is gone even if the other would block, as on Linux.
    pub(super) fn change(&mut self, ino: Ino, file: OpenFile, lock: Lock) -> Result<(), Errno> {
        let held = self.held.get(&ino).and_then(|held| held.get(&file));
        if held == Some(&lock) {
            return Ok(());
        }
        self.release(ino, file);
        if lock == Lock::None {
            return Ok(());
        }
        let held = self.held.get(&ino);
        let excludes = |other: &Lock| lock == Lock::Exclusive || *other == Lock::Exclusive;
        if held.is_some_and(|held| held.values().any(excludes)) {
            return Err(Errno(libc::EWOULDBLOCK));
        }
        self.held.entry(ino).or_default().insert(file, lock);
        Ok(())
    }

    /// Ends all locks.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}
