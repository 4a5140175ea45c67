//! Listing directories.
//!
//! The order is that of a hash of the names, as with ext4: it says nothing of when entries were made, it is the same each time, and
//! a list that goes on while entries come and go has each of the others exactly once.

use super::directory::{Lookup, Name};
use super::disk::Disk;
use super::ino::Ino;
use super::inode::Kind;
use super::open_file::OpenFile;
use super::operation::Operation;
use crate::errno::Errno;

/// Positions of `.` and `..`, and of the first name.
const DOT: u64 = 0;
const DOT_DOT: u64 = 1;
const FIRST_NAME: u64 = 2;

/// The position after the last entry.
const END: u64 = i64::MAX as u64;

/// One entry of a directory's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryEntry {
    /// The name.
    pub name: Vec<u8>,
    /// What it stands for.
    pub ino: Ino,
    /// What that is.
    pub kind: Kind,
    /// The position of the list after this entry, for [`Disk::seek`].
    pub next: u64,
}

impl Disk {
    /// Lists at most `limit` entries of an open directory, `.` and `..` among them, and moves its position behind them. After the
    /// last one there are none.
    ///
    /// # Errors
    /// `ENOTDIR` if `file` is no directory.
    pub fn read_dir(
        &mut self,
        file: OpenFile,
        limit: usize,
        now: u64,
    ) -> Result<Vec<DirectoryEntry>, Errno> {
        let description = self.files.get(file)?;
        if description.has(libc::O_PATH) {
            return Err(Errno(libc::EBADF));
        }
        let (ino, path) = (description.ino, description.path.clone());
        let position = description.position;
        let parent = self.live.directory(ino)?.parent;
        self.begin(Operation::List, &path, 0)?;
        let mut entries = Vec::new();
        for (at, name, ino) in [(DOT, b".".as_slice(), ino), (DOT_DOT, b"..", parent)] {
            if position <= at {
                entries.push(DirectoryEntry {
                    name: name.to_vec(),
                    ino,
                    kind: Kind::Directory,
                    next: at + 1,
                });
            }
        }
        let names = self.names_from(ino, position.max(FIRST_NAME))?;
        let ends = names.iter().skip(1).map(|(at, _)| *at).chain([END]);
        for ((_, name), next) in names.iter().zip(ends).take(limit) {
            let Some(ino) = self.child(ino, name)? else {
                continue;
            };
            entries.push(DirectoryEntry {
                name: name.to_vec(),
                ino,
                kind: self.kind(ino)?,
                next,
            });
        }
        entries.truncate(limit);
        if let Some(last) = entries.last() {
            self.files.get_mut(file)?.position = last.next;
            self.stamp_read(ino, now)?;
        }
        Ok(entries)
    }

    /// The names of a directory whose positions are `from` or later, with their positions, in that order.
    fn names_from(&self, ino: Ino, from: u64) -> Result<Vec<(u64, Name)>, Errno> {
        let directory = self.live.directory(ino)?;
        let mut names: Vec<Name> = directory.entries().map(|(name, _)| name.clone()).collect();
        if let (Some(path), Some(lower)) = (&directory.lower, &self.lower) {
            let below = lower.read_dir(path)?;
            let is_not_here = |name: &Vec<u8>| directory.lookup(name) == Lookup::Below;
            names.extend(below.into_iter().filter(is_not_here).map(Name::from));
        }
        names.sort();
        let seed = if self.profile.shuffle {
            self.order_seed
        } else {
            0
        };
        let positions = names.iter().map(|name| position_of(name, seed));
        let mut positioned: Vec<(u64, Name)> = positions.zip(names.iter().cloned()).collect();
        positioned.sort();
        separate(&mut positioned);
        positioned.retain(|(position, _)| *position >= from);
        Ok(positioned)
    }

    /// Whether a directory has no entry.
    pub(super) fn is_empty(&self, ino: Ino) -> Result<bool, Errno> {
        Ok(self.names_from(ino, 0)?.is_empty())
    }
}

/// The position of a name: a hash of it with the seed.
fn position_of(name: &[u8], seed: u64) -> u64 {
    let mix = |hash: u64, byte: &u8| {
        let mixed = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        mixed ^ (mixed >> 29)
    };
    let mixed = name.iter().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix);
    // Room for names of one hash, and for the end.
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2).max(FIRST_NAME)
}

/// Gives names of one position others, in their order.
fn separate(positioned: &mut [(u64, Name)]) {
    let mut last = 0;
    for (position, _) in positioned {
        *position = (*position).max(last + 1);
        last = *position;
    }
}
