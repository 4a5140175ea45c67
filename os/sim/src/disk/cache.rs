//! Which pages of the live image are not on the device yet, and which writes failed.

use std::collections::BTreeMap;

use super::ino::Ino;

/// What is not written of one file.
#[derive(Debug, Default)]
pub(super) struct DirtyPages {
    /// The pages. Each has the sequence of the record that made room for it: a file that was cut has its new pages elsewhere on the
    /// device, where nothing finds them before the cut is durable.
    pub(super) pages: BTreeMap<u64, u64>,
    /// The sequence of the last record that cut the file; 0 if none did.
    pub(super) last_cut: u64,
}

/// How often writing a file's pages has failed.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct WriteErrors {
    /// Grows with each failure; who opened the file compares it with what was seen last.
    pub(super) count: u64,
    /// Whether the last one was reported to any open file.
    pub(super) is_seen: bool,
}

/// The cache's state of all files.
#[derive(Debug, Default)]
pub(super) struct Cache {
    files: BTreeMap<Ino, DirtyPages>,
    errors: BTreeMap<Ino, WriteErrors>,
}

impl Cache {
    /// What is not written of `ino`.
    pub(super) fn dirty(&self, ino: Ino) -> Option<&DirtyPages> {
        self.files.get(&ino)
    }

    /// All files that have something to write, in the order of their numbers.
    pub(super) fn files(&self) -> impl Iterator<Item = (Ino, &DirtyPages)> {
        self.files.iter().map(|(ino, dirty)| (*ino, dirty))
    }

    /// Says that a page was changed.
    pub(super) fn mark(&mut self, ino: Ino, page: u64) {
        let dirty = self.files.entry(ino).or_default();
        dirty.pages.insert(page, dirty.last_cut);
    }

    /// Says that a page was written, or forgotten.
    pub(super) fn clean(&mut self, ino: Ino, page: u64) {
        if let Some(dirty) = self.files.get_mut(&ino) {
            dirty.pages.remove(&page);
        }
    }

    /// Says that a record cut `ino` to `pages` pages, the last of which it may have changed.
    pub(super) fn cut(&mut self, ino: Ino, pages: u64, sequence: u64) {
        let dirty = self.files.entry(ino).or_default();
        dirty.last_cut = sequence;
        dirty.pages.split_off(&pages);
        if let Some(last) = pages.checked_sub(1) {
            if let Some(needs) = dirty.pages.get_mut(&last) {
                *needs = sequence;
            }
        }
    }

    /// The failures of `ino`.
    pub(super) fn errors(&self, ino: Ino) -> WriteErrors {
        self.errors.get(&ino).copied().unwrap_or_default()
    }

    /// Counts a failure.
    pub(super) fn fail(&mut self, ino: Ino) {
        let errors = self.errors.entry(ino).or_default();
        errors.count += 1;
        errors.is_seen = false;
    }

    /// Says that the last failure was reported.
    pub(super) fn see(&mut self, ino: Ino) {
        if let Some(errors) = self.errors.get_mut(&ino) {
            errors.is_seen = true;
        }
    }

    /// Forgets a file that is gone.
    pub(super) fn forget(&mut self, ino: Ino) {
        self.files.remove(&ino);
        self.errors.remove(&ino);
    }
}
