//! A directory: names and what they stand for.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ino::Ino;

/// A name in a directory: any bytes but `/` and zero.
pub(super) type Name = Arc<[u8]>;

/// What a directory knows of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookup {
    /// The name stands for this inode.
    Found(Ino),
    /// There is no such name.
    Missing,
    /// The lower layer has to be asked.
    Below,
}

/// The entries of a directory.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    /// The directory that it is in; itself for the root.
    pub(super) parent: Ino,
    /// Its name there.
    pub(super) name: Name,
    /// Its path in the lower layer, if its names are looked up there, too.
    pub(super) lower: Option<Arc<[u8]>>,
    /// With a lower layer, `None` for a name that was removed (a whiteout).
    entries: BTreeMap<Name, Option<Ino>>,
}

impl Directory {
    /// An empty directory.
    pub(super) fn new(parent: Ino, name: Name, lower: Option<Arc<[u8]>>) -> Self {
        Self {
            parent,
            name,
            lower,
            entries: BTreeMap::new(),
        }
    }

    /// What `name` stands for.
    pub(super) fn lookup(&self, name: &[u8]) -> Lookup {
        match self.entries.get(name) {
            Some(Some(ino)) => Lookup::Found(*ino),
            Some(None) => Lookup::Missing,
            None if self.lower.is_some() => Lookup::Below,
            None => Lookup::Missing,
        }
    }

    /// Sets what `name` stands for, and returns what it stood for.
    pub(super) fn set(&mut self, name: &Name, to: Option<Ino>) -> Option<Ino> {
        if to.is_some() || self.lower.is_some() {
            self.entries.insert(name.clone(), to).flatten()
        } else {
            self.entries.remove(name).flatten()
        }
    }

    /// The names and inodes that are on the disk.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Name, Ino)> {
        let entries = self.entries.iter();
        entries.filter_map(|(name, ino)| ino.map(|ino| (name, ino)))
    }

    /// The path of `name` in the lower layer.
    pub(super) fn path_below(&self, name: &[u8]) -> Option<Arc<[u8]>> {
        let directory = self.lower.as_ref()?;
        let mut path = directory.to_vec();
        if !path.ends_with(b"/") {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        Some(path.into())
    }
}
