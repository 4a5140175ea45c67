//! Changes of directories, sizes and attributes that are not durable yet, in their order.
//!
//! Each operation that changes more than the bytes of pages leaves a record here. The live image has what the record says at once;
//! the durable image gets it when the record is committed: by a sync, by the end of the queue (a journal has a length), or because a
//! crash chose to keep it. A record is applied whole or not at all, as a transaction of a file system's journal is, so that a rename
//! never leaves both names or none.
//!
//! Invariants  I1 records of one entry, and of one inode's size, are committed in their order.
//!             I2 a record's sequence is above those of all before it.
//! Rejected    A copy of the whole image per operation: the same outcomes, at the cost of all inodes for each.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::directory::Name;
use super::ino::Ino;
use super::inode::Attributes;

/// Records at most; the oldest one is committed when there are more.
pub(super) const JOURNAL_RECORDS: usize = 4096;

/// One thing that a record changes.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// What a name stands for.
    Entry {
        directory: Ino,
        name: Name,
        to: Option<Ino>,
    },
    /// The size of a file.
    Size { ino: Ino, size: u64 },
    /// Mode, owner and times.
    Attributes { ino: Ino, attributes: Attributes },
}

impl Change {
    /// The inodes that it names.
    pub(super) fn inodes(&self) -> impl Iterator<Item = Ino> {
        let (one, other) = match self {
            Self::Entry { directory, to, .. } => (*directory, *to),
            Self::Size { ino, .. } | Self::Attributes { ino, .. } => (*ino, None),
        };
        [Some(one), other].into_iter().flatten()
    }

    /// Whether it is a part of what `ino` itself has: its entries, size and attributes.
    pub(super) fn is_of(&self, ino: Ino) -> bool {
        self.inodes().next() == Some(ino)
    }

    /// What must not overtake another change of the same.
    fn key(&self) -> (Ino, Option<Name>) {
        match self {
            Self::Entry {
                directory, name, ..
            } => (*directory, Some(name.clone())),
            Self::Size { ino, .. } | Self::Attributes { ino, .. } => (*ino, None),
        }
    }
}

/// What one operation changed.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) sequence: u64,
    pub(super) changes: Vec<Change>,
}

/// Records that are not durable yet.
#[derive(Debug, Default)]
pub(super) struct Journal {
    records: VecDeque<Record>,
    last_sequence: u64,
    /// How many records name an inode.
    mentions: BTreeMap<Ino, usize>,
}

impl Journal {
    /// Adds a record; returns its sequence.
    pub(super) fn push(&mut self, changes: Vec<Change>) -> u64 {
        self.last_sequence += 1;
        for ino in changes.iter().flat_map(Change::inodes) {
            *self.mentions.entry(ino).or_default() += 1;
        }
        let sequence = self.last_sequence;
        self.records.push_back(Record { sequence, changes });
        sequence
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether a record still waits that names `ino`.
    pub(super) fn mentions(&self, ino: Ino) -> bool {
        self.mentions.contains_key(&ino)
    }

    /// Whether the record of `sequence` still waits.
    pub(super) fn is_pending(&self, sequence: u64) -> bool {
        let found = self
            .records
            .binary_search_by_key(&sequence, |record| record.sequence);
        found.is_ok()
    }

    /// Takes the first `count` records.
    pub(super) fn take_first(&mut self, count: usize) -> Vec<Record> {
        let records: Vec<Record> = self
            .records
            .drain(..count.min(self.records.len()))
            .collect();
        self.forget(&records);
        records
    }

    /// Takes all records up to the last one that has a change of interest.
    pub(super) fn take_through(&mut self, is_of_interest: impl Fn(&Change) -> bool) -> Vec<Record> {
        let has_it = |record: &Record| record.changes.iter().any(&is_of_interest);
        let last = self.records.iter().rposition(has_it);
        last.map_or_else(Vec::new, |last| self.take_first(last + 1))
    }

    /// Takes the records that have a change of interest, and those that they must not overtake (I1).
    pub(super) fn take_only(&mut self, is_of_interest: impl Fn(&Change) -> bool) -> Vec<Record> {
        let mut keys = BTreeSet::new();
        let mut taken = VecDeque::new();
        let mut kept = VecDeque::new();
        while let Some(record) = self.records.pop_back() {
            let must_go = |change: &Change| is_of_interest(change) || keys.contains(&change.key());
            if record.changes.iter().any(must_go) {
                keys.extend(record.changes.iter().map(Change::key));
                taken.push_front(record);
            } else {
                kept.push_front(record);
            }
        }
        self.records = kept;
        let taken = Vec::from(taken);
        self.forget(&taken);
        taken
    }

    /// Takes the records that `is_kept` says, but for those that would overtake one that is not taken (I1).
    pub(super) fn take_some(&mut self, mut is_kept: impl FnMut() -> bool) -> Vec<Record> {
        let mut lost_keys = BTreeSet::new();
        let records: VecDeque<Record> = std::mem::take(&mut self.records);
        let (taken, kept): (VecDeque<Record>, VecDeque<Record>) =
            records.into_iter().partition(|record| {
                let keys = || record.changes.iter().map(Change::key);
                let is_taken = is_kept() && !keys().any(|key| lost_keys.contains(&key));
                if !is_taken {
                    lost_keys.extend(keys());
                }
                is_taken
            });
        self.records = kept;
        let taken = Vec::from(taken);
        self.forget(&taken);
        taken
    }

    /// Counts the mentions of records that were taken off.
    fn forget(&mut self, records: &[Record]) {
        let changes = records.iter().flat_map(|record| &record.changes);
        for ino in changes.flat_map(Change::inodes) {
            if let Some(count) = self.mentions.get_mut(&ino) {
                *count -= 1;
                if *count == 0 {
                    self.mentions.remove(&ino);
                }
            }
        }
    }
}
