//! A disk: two images of a file system, what stands between them, and what may go wrong.
//!
//! Idea        Programs see the live image. What they change is either a change of an entry, a size or attributes, which goes to the
//!             journal, or bytes of a page, which the cache marks. A sync brings both to the durable image. A crash brings some of
//!             them there, and the durable image is the live one from then on.
//! States      change:  live ─push→ pending ─commit→ durable       lost by a crash, in the order of the journal
//!             page:    clean ─write→ dirty ─sync→ clean           lost by a crash, or by a sync that fails
//! Invariants  I1 with an empty journal, no dirty page and no failed sync, both images have the same files.
//!             I2 what a sync has reported as done is in the durable image, and only a later change takes it away.
//!             I3 the durable image has no byte that was not written to that place of that file, but zeros.
//!             I4 an inode is in the live image while it has a link or is open.
//! Rejected    A log of all operations, replayed in part by a crash: outcomes of overlapping writes are richer by nothing that the
//!             subsets of pages do not have, and a log grows with each write.

use std::sync::Arc;

use super::cache::Cache;
use super::directory::{Directory, Lookup, Name};
use super::event::DiskEvent;
use super::fault::{Fault, Faults};
use super::image::Image;
use super::ino::Ino;
use super::inode::{Attributes, Inode, InodeData};
use super::journal::{Change, JOURNAL_RECORDS, Journal, Record};
use super::lock::Locks;
use super::lower::{Lower, LowerMetadata};
use super::open_file::OpenFiles;
use super::operation::Operation;
use super::pages::{PAGE, Pages};
use super::profile::Profile;
use crate::errno::Errno;
use crate::random::Random;

/// The number of the root directory.
pub(super) const ROOT: Ino = Ino(2);

/// A simulated disk. See the [module](crate::disk) for what it does.
///
/// Paths are bytes, relative to the directory that each call names first; [`Disk::root`] is one. Flags, modes and errors are those of
/// the C functions of the same names. `now` is the time in nanoseconds, for the stamps of files.
#[derive(Debug)]
pub struct Disk {
    pub(super) profile: Profile,
    pub(super) live: Image,
    pub(super) durable: Image,
    pub(super) journal: Journal,
    pub(super) cache: Cache,
    pub(super) files: OpenFiles,
    pub(super) locks: Locks,
    pub(super) faults: Faults,
    pub(super) lower: Option<Box<dyn Lower>>,
    pub(super) events: Vec<DiskEvent>,
    pub(super) order_seed: u64,
    pub(super) writeback: Random,
    latency: Random,
    latency_ns: u64,
    owner: (u32, u32),
    next_ino: u64,
    /// Pages that the files of the live image take.
    pub(super) used_pages: u64,
}

impl Disk {
    /// An empty disk. It takes numbers from forks of `random` alone.
    #[must_use]
    pub fn new(profile: Profile, random: &Random) -> Self {
        let random = random.fork("disk");
        let mut disk = Self {
            profile,
            live: Image::default(),
            durable: Image::default(),
            journal: Journal::default(),
            cache: Cache::default(),
            files: OpenFiles::default(),
            locks: Locks::default(),
            faults: Faults::new(random.fork("faults")),
            lower: None,
            events: Vec::new(),
            order_seed: random.fork("order").next_u64(),
            writeback: random.fork("writeback"),
            latency: random.fork("latency"),
            latency_ns: 0,
            owner: (0, 0),
            next_ino: ROOT.0,
            used_pages: 0,
        };
        let root = Directory::new(ROOT, Name::from(*b""), None);
        let ino = disk.add_inode(InodeData::Directory(root), 0o755, 0);
        debug_assert_eq!(ino, ROOT);
        disk
    }

    /// Puts the disk over a lower layer, whose root is the disk's.
    #[must_use]
    pub fn over(mut self, lower: Box<dyn Lower>) -> Self {
        self.lower = Some(lower);
        for image in [&mut self.live, &mut self.durable] {
            if let Ok(root) = image.directory_mut(ROOT) {
                root.lower = Some(Arc::from(*b"/"));
            }
        }
        self
    }

    /// The root directory.
    #[must_use]
    pub fn root(&self) -> Ino {
        ROOT
    }

    /// Who owns what is made from now on: user and group.
    pub fn set_owner(&mut self, uid: u32, gid: u32) {
        self.owner = (uid, gid);
    }

    /// Changes what may happen from now on.
    pub fn set_profile(&mut self, profile: Profile) {
        self.profile = profile;
    }

    /// What may happen now.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Lets operations fail.
    pub fn inject(&mut self, fault: Fault) {
        self.faults.add(fault);
    }

    /// Takes back all faults by hand that have not come yet.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// What happened since the last call, in its order.
    pub fn take_events(&mut self) -> Vec<DiskEvent> {
        std::mem::take(&mut self.events)
    }

    /// How many nanoseconds the operations since the last call take. The disk does not wait; its caller does.
    pub fn take_latency(&mut self) -> u64 {
        std::mem::take(&mut self.latency_ns)
    }

    /// Bytes that files take, and the capacity.
    #[must_use]
    pub fn usage(&self) -> (u64, u64) {
        (self.used_pages * PAGE as u64, self.profile.capacity)
    }

    /// Counts the time of an operation, and fails it if that is its fate.
    pub(super) fn begin(
        &mut self,
        operation: Operation,
        path: &[u8],
        bytes: u64,
    ) -> Result<(), Errno> {
        self.spend(operation, path, bytes);
        let rates = self.profile.errors;
        let Some((errno, by_hand)) = self.faults.take(operation, path, &rates) else {
            return Ok(());
        };
        self.events.push(DiskEvent::Failed {
            operation,
            path: path.to_vec(),
            errno,
            by_hand,
        });
        Err(errno)
    }

    /// The next call takes so many nanoseconds longer.
    pub(crate) fn add_latency(&mut self, nanoseconds: u64) {
        self.latency_ns = self.latency_ns.saturating_add(nanoseconds);
    }

    /// Counts the time of an operation.
    fn spend(&mut self, operation: Operation, path: &[u8], bytes: u64) {
        let latency = self.profile.latency;
        let (nanoseconds, is_stalled) = latency.draw(operation, bytes, &mut self.latency);
        self.latency_ns = self.latency_ns.saturating_add(nanoseconds);
        if is_stalled {
            self.events.push(DiskEvent::Stalled {
                operation,
                path: path.to_vec(),
                nanoseconds,
            });
        }
    }

    /// Makes an inode that no entry names yet. Until one does, nobody finds it in the durable image either.
    pub(super) fn add_inode(&mut self, content: InodeData, mode: u32, now: u64) -> Ino {
        let (uid, gid) = self.owner;
        let attributes = Attributes {
            mode: mode & 0o7777,
            uid,
            gid,
            accessed: now,
            modified: now,
            changed: now,
        };
        self.insert(Inode {
            content,
            attributes,
            created: now,
            links: 0,
        })
    }

    fn insert(&mut self, inode: Inode) -> Ino {
        let ino = Ino(self.next_ino);
        self.next_ino += 1;
        self.live.insert(ino, inode.clone());
        self.durable.insert(ino, inode);
        ino
    }

    /// What `name` in `directory` stands for, on the disk or below it.
    pub(super) fn child(&mut self, directory: Ino, name: &[u8]) -> Result<Option<Ino>, Errno> {
        match self.live.directory(directory)?.lookup(name) {
            Lookup::Found(ino) => Ok(Some(ino)),
            Lookup::Missing => Ok(None),
            Lookup::Below => self.adopt(directory, name),
        }
    }

    /// Takes an entry of the lower layer to both images: it was there all the time.
    fn adopt(&mut self, directory: Ino, name: &[u8]) -> Result<Option<Ino>, Errno> {
        let path = self.live.directory(directory)?.path_below(name);
        let (Some(path), Some(lower)) = (path, &self.lower) else {
            return Ok(None);
        };
        let metadata = match lower.metadata(&path) {
            Err(Errno(libc::ENOENT)) => return Ok(None),
            found => found?,
        };
        let name = Name::from(name);
        let content = match metadata.mode & libc::S_IFMT {
            libc::S_IFREG => InodeData::File(Pages::below(path, metadata.size)),
            libc::S_IFDIR => {
                InodeData::Directory(Directory::new(directory, name.clone(), Some(path)))
            }
            libc::S_IFLNK => InodeData::Symlink(lower.read_link(&path)?.into()),
            kind => InodeData::Special(kind),
        };
        let ino = self.insert(Inode {
            content,
            attributes: attributes_below(&metadata),
            created: metadata.changed,
            links: 0,
        });
        let change = Change::Entry {
            directory,
            name,
            to: Some(ino),
        };
        self.live.apply(&change);
        self.durable.apply(&change);
        Ok(Some(ino))
    }

    /// Applies `changes` to the live image, and has the journal bring them to the durable one. Returns the record's sequence.
    pub(super) fn change(&mut self, changes: Vec<Change>) -> u64 {
        for change in &changes {
            self.live.apply(change);
        }
        let sequence = self.journal.push(changes);
        let over = self.journal.len().saturating_sub(JOURNAL_RECORDS);
        let oldest = self.journal.take_first(over);
        self.commit(&oldest);
        if self.writeback.chance(self.profile.writeback) {
            let count = self.writeback.below(self.journal.len() as u64 + 1);
            let records = self.journal.take_first(count as usize);
            self.commit(&records);
        }
        sequence
    }

    /// Brings records to the durable image.
    pub(super) fn commit(&mut self, records: &[Record]) {
        let changes = || records.iter().flat_map(|record| &record.changes);
        for change in changes() {
            self.durable.apply(change);
        }
        for ino in changes().flat_map(Change::inodes) {
            self.forget_durable(ino);
        }
    }

    /// Removes an inode that has no link and is not open (I4).
    pub(super) fn release(&mut self, ino: Ino) {
        let is_unused = self.live.inode(ino).is_ok_and(|inode| inode.links == 0);
        if is_unused && !self.files.is_open(ino) && ino != ROOT {
            if let Some(inode) = self.live.remove(ino) {
                self.used_pages -= inode.page_count();
            }
            self.cache.forget(ino);
            self.forget_durable(ino);
        }
    }

    /// Removes an inode from the durable image that nothing can lead to any more.
    fn forget_durable(&mut self, ino: Ino) {
        let is_unlinked = self.durable.inode(ino).is_ok_and(|inode| inode.links == 0);
        if is_unlinked && !self.live.contains(ino) && !self.journal.mentions(ino) {
            self.durable.remove(ino);
        }
    }

    /// The absolute path of `name` in `directory`; of the directory itself if `name` is empty.
    pub(super) fn full_path(&self, directory: Ino, name: &[u8]) -> Vec<u8> {
        let mut names = vec![name];
        let mut at = directory;
        while let Ok(parent) = self.live.directory(at) {
            names.push(&parent.name);
            if at == parent.parent {
                break;
            }
            at = parent.parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev().filter(|name| !name.is_empty()) {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() {
            path.push(b'/');
        }
        path
    }
}

/// The attributes of what a lower layer has.
fn attributes_below(metadata: &LowerMetadata) -> Attributes {
    Attributes {
        mode: metadata.mode & 0o7777,
        uid: metadata.uid,
        gid: metadata.gid,
        accessed: metadata.accessed,
        modified: metadata.modified,
        changed: metadata.changed,
    }
}
