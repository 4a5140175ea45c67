//! Making changes durable.

use super::disk::Disk;
use super::event::DiskEvent;
use super::ino::Ino;
use super::journal::Change;
use super::open_file::OpenFile;
use super::operation::Operation;
use super::pages::PAGE;
use super::profile::JournalMode;
use crate::errno::Errno;

impl Disk {
    /// Makes a file or directory durable, as `fsync` does: bytes, size and attributes of a file; entries and attributes of a
    /// directory. Whether that takes other changes along, the profile's [`JournalMode`] says.
    ///
    /// # Errors
    /// `EIO` if pages could not be written. They count as written from then on, as on Linux: the next sync succeeds and the device
    /// does not have them. Each open file is notified of a failure once.
    pub fn sync(&mut self, file: OpenFile) -> Result<(), Errno> {
        let ino = self.begin_sync(file)?;
        self.commit_of(ino);
        self.write_pages_back(ino);
        if let (Ok(live), Ok(durable)) = (self.live.inode(ino), self.durable.inode_mut(ino)) {
            durable.attributes = live.attributes;
        }
        self.report(file, ino)
    }

    /// Makes the bytes and the size of a file durable, as `fdatasync` does; stamps may be lost.
    ///
    /// # Errors
    /// As [`sync`](Self::sync).
    pub fn sync_data(&mut self, file: OpenFile) -> Result<(), Errno> {
        let ino = self.begin_sync(file)?;
        self.commit_of(ino);
        self.write_pages_back(ino);
        self.report(file, ino)
    }

    /// Makes everything durable, as `sync` does.
    pub fn sync_all(&mut self) {
        let records = self.journal.take_first(usize::MAX);
        self.commit(&records);
        let files: Vec<Ino> = self.cache.files().map(|(ino, _)| ino).collect();
        for ino in files {
            self.write_pages_back(ino);
        }
        self.durable.take_attributes(&self.live);
    }

    /// Counts the time of a sync, and lets it fail. Returns the inode.
    fn begin_sync(&mut self, file: OpenFile) -> Result<Ino, Errno> {
        let description = self.files.get(file)?;
        if description.has(libc::O_PATH) {
            return Err(Errno(libc::EBADF));
        }
        let (ino, path) = (description.ino, description.path.clone());
        let dirty = self.cache.dirty(ino).map_or(0, |dirty| dirty.pages.len());
        let begun = self.begin(Operation::Sync, &path, (dirty * PAGE) as u64);
        if let Err(errno) = begun {
            if dirty > 0 {
                self.lose_pages(ino, &path);
                self.cache.fail(ino);
            }
            // Whoever asked is notified here; the other open files are by their next sync.
            self.report(file, ino).err();
            return Err(errno);
        }
        Ok(ino)
    }

    /// Forgets that pages are to be written, as a write that fails does. Some were written before it failed.
    fn lose_pages(&mut self, ino: Ino, path: &[u8]) {
        let dirty = self.cache.dirty(ino);
        let pages: Vec<(u64, u64)> = dirty.map_or_else(Vec::new, |dirty| {
            dirty.pages.iter().map(|page| (*page.0, *page.1)).collect()
        });
        let (mut written, mut lost) = (0, 0);
        for (index, needs) in pages {
            if self.faults.is_written() && !self.journal.is_pending(needs) {
                self.write_page_back(ino, index);
                written += 1;
            } else {
                self.cache.clean(ino, index);
                lost += 1;
            }
        }
        self.events.push(DiskEvent::SyncFailed {
            path: path.to_vec(),
            written,
            lost,
        });
    }

    /// Commits what the journal has of an inode.
    fn commit_of(&mut self, ino: Ino) {
        let records = match self.profile.journal {
            JournalMode::Ordered => {
                let concerns = |change: &Change| change.inodes().any(|named| named == ino);
                self.journal.take_through(concerns)
            }
            JournalMode::Strict => {
                let is_own = |change: &Change| change.is_of(ino);
                self.journal.take_only(is_own)
            }
        };
        self.commit(&records);
    }

    /// Writes all dirty pages of a file to the device.
    fn write_pages_back(&mut self, ino: Ino) {
        let dirty = self.cache.dirty(ino);
        let pages: Vec<u64> =
            dirty.map_or_else(Vec::new, |dirty| dirty.pages.keys().copied().collect());
        for index in pages {
            self.write_page_back(ino, index);
        }
    }

    /// Writes one page to the device.
    fn write_page_back(&mut self, ino: Ino, index: u64) {
        self.cache.clean(ino, index);
        let (Ok(live), Ok(durable)) = (self.live.pages(ino), self.durable.pages_mut(ino)) else {
            return;
        };
        if let Some(page) = live.written(index) {
            durable.insert(index, page.clone());
        }
    }

    /// Writes a page of a file back by chance, as the system does after some time. That may fail as a sync may; the next sync is
    /// notified of it.
    pub(super) fn write_back_some(&mut self, ino: Ino, path: &[u8]) {
        if !self.writeback.chance(self.profile.writeback) {
            return;
        }
        let dirty = self.cache.dirty(ino);
        let pages: Vec<u64> = dirty.map_or_else(Vec::new, |dirty| {
            let has_room = |page: &(&u64, &u64)| !self.journal.is_pending(*page.1);
            let pages = dirty.pages.iter().filter(has_room);
            pages.map(|page| *page.0).collect()
        });
        let chosen = self.writeback.below(pages.len() as u64) as usize;
        let is_failed = self.writeback.chance(self.profile.errors.sync);
        let Some(index) = pages.get(chosen) else {
            return;
        };
        if !is_failed {
            self.write_page_back(ino, *index);
            return;
        }
        self.cache.clean(ino, *index);
        self.cache.fail(ino);
        self.events.push(DiskEvent::SyncFailed {
            path: path.to_vec(),
            written: 0,
            lost: 1,
        });
    }

    /// Reports a failure that `file` has not been notified of.
    fn report(&mut self, file: OpenFile, ino: Ino) -> Result<(), Errno> {
        let errors = self.cache.errors(ino);
        let description = self.files.get_mut(file)?;
        if description.errors_seen == errors.count {
            return Ok(());
        }
        description.errors_seen = errors.count;
        self.cache.see(ino);
        Err(Errno(libc::EIO))
    }
}
