//! A whole file system: the inodes and their entries.
//!
//! A disk has two. The live image is what programs see; the durable image is what a crash leaves, once the journal's and the cache's
//! survivors have been added to it. Both change by the same [`Change`]s.
//!
//! Invariants  I1 `links` of an inode is the number of entries of this image that name it.
//!             I2 a directory has one entry, and its `parent` and `name` are that entry's.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{Directory, Name};
use super::ino::Ino;
use super::inode::{Inode, InodeData};
use super::journal::Change;
use super::pages::Pages;
use crate::errno::Errno;

/// All inodes by their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Image {
    inodes: BTreeMap<Ino, Inode>,
}

impl Image {
    /// The inode of `ino`; one that is gone is an entry of no directory any more.
    pub(super) fn inode(&self, ino: Ino) -> Result<&Inode, Errno> {
        self.inodes.get(&ino).ok_or(Errno(libc::ENOENT))
    }

    pub(super) fn inode_mut(&mut self, ino: Ino) -> Result<&mut Inode, Errno> {
        self.inodes.get_mut(&ino).ok_or(Errno(libc::ENOENT))
    }

    pub(super) fn directory(&self, ino: Ino) -> Result<&Directory, Errno> {
        match &self.inode(ino)?.content {
            InodeData::Directory(directory) => Ok(directory),
            _ => Err(Errno(libc::ENOTDIR)),
        }
    }

    pub(super) fn directory_mut(&mut self, ino: Ino) -> Result<&mut Directory, Errno> {
        match &mut self.inode_mut(ino)?.content {
            InodeData::Directory(directory) => Ok(directory),
            _ => Err(Errno(libc::ENOTDIR)),
        }
    }

    /// The bytes of a regular file.
    pub(super) fn pages(&self, ino: Ino) -> Result<&Pages, Errno> {
        match &self.inode(ino)?.content {
            InodeData::File(pages) => Ok(pages),
            InodeData::Directory(_) => Err(Errno(libc::EISDIR)),
            _ => Err(Errno(libc::EINVAL)),
        }
    }

    pub(super) fn pages_mut(&mut self, ino: Ino) -> Result<&mut Pages, Errno> {
        match &mut self.inode_mut(ino)?.content {
            InodeData::File(pages) => Ok(pages),
            InodeData::Directory(_) => Err(Errno(libc::EISDIR)),
            _ => Err(Errno(libc::EINVAL)),
        }
    }

    pub(super) fn contains(&self, ino: Ino) -> bool {
        self.inodes.contains_key(&ino)
    }

    pub(super) fn insert(&mut self, ino: Ino, inode: Inode) {
        self.inodes.insert(ino, inode);
    }

    pub(super) fn remove(&mut self, ino: Ino) -> Option<Inode> {
        self.inodes.remove(&ino)
    }

    /// How many inodes there are.
    pub(super) fn len(&self) -> u64 {
        self.inodes.len() as u64
    }

    /// The pages that all inodes take.
    pub(super) fn page_count(&self) -> u64 {
        self.inodes.values().map(Inode::page_count).sum()
    }

    /// How many directories `ino` has in it.
    pub(super) fn directories_in(&self, ino: Ino) -> u32 {
        let Ok(directory) = self.directory(ino) else {
            return 0;
        };
        let entries = directory.entries();
        entries
            .filter(|(_, ino)| self.directory(*ino).is_ok())
            .count() as u32
    }

    /// An entry that names `ino`.
    pub(super) fn entry_of(&self, ino: Ino) -> Option<(Ino, Name)> {
        self.inodes.iter().find_map(|(directory, inode)| {
            let InodeData::Directory(entries) = &inode.content else {
                return None;
            };
            let mut entries = entries.entries();
            let found = entries.find(|entry| entry.1 == ino);
            found.map(|(name, _)| (*directory, name.clone()))
        })
    }

    /// Takes the attributes of all inodes that `other` has, too.
    pub(super) fn take_attributes(&mut self, other: &Self) {
        for (ino, inode) in &mut self.inodes {
            if let Some(other) = other.inodes.get(ino) {
                inode.attributes = other.attributes;
            }
        }
    }

    /// Does what `change` says. What it names and is gone is left alone.
    pub(super) fn apply(&mut self, change: &Change) {
        match change {
            Change::Entry {
                directory,
                name,
                to,
            } => {
                let Ok(entries) = self.directory_mut(*directory) else {
                    return;
                };
                let was = entries.set(name, *to);
                if let Some(inode) = was.and_then(|ino| self.inodes.get_mut(&ino)) {
                    inode.links = inode.links.saturating_sub(1);
                }
                if let Some(inode) = to.and_then(|ino| self.inodes.get_mut(&ino)) {
                    inode.links += 1;
                    if let InodeData::Directory(moved) = &mut inode.content {
                        moved.parent = *directory;
                        moved.name = name.clone();
                    }
                }
            }
            Change::Size { ino, size } => {
                if let Ok(pages) = self.pages_mut(*ino) {
                    pages.resize(*size);
                }
            }
            Change::Attributes { ino, attributes } => {
                if let Ok(inode) = self.inode_mut(*ino) {
                    inode.attributes = *attributes;
                }
            }
        }
    }

    /// Removes what no path from `root` leads to, as a check of a file system does after a crash, and what files have beyond their
    /// sizes.
    pub(super) fn repair(&mut self, root: Ino) {
        let mut links: BTreeMap<Ino, u32> = BTreeMap::new();
        let mut visited = BTreeSet::from([root]);
        let mut directories = vec![root];
        while let Some(ino) = directories.pop() {
            let Ok(directory) = self.directory(ino) else {
                continue;
            };
            for (_, entry) in directory.entries() {
                *links.entry(entry).or_default() += 1;
                if visited.insert(entry) {
                    directories.push(entry);
                }
            }
        }
        self.inodes.retain(|ino, _| visited.contains(ino));
        for (ino, inode) in &mut self.inodes {
            inode.links = links.get(ino).copied().unwrap_or(0);
            if let InodeData::File(pages) = &mut inode.content {
                pages.trim();
            }
        }
    }
}
