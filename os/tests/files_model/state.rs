//! One state that files, descriptions and handles may be in.
//!
//! Idea        A handle has at most one operation of the traits in progress (`busy`), and at most one of `&self` whose future
//!             was dropped and which is still in progress (`given_up`). Each consists of steps that are atomic in the
//!             system. When they happen is unknown: whoever uses a state asks for all that may follow it (`successors`).
//! Length      one state machine: each transition is judged beside the others.

use std::io::SeekFrom;

use super::program::{Bytes, Fault, Lock, Mode, SLOTS};

/// What is where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The content of each inode.
    pub(crate) inodes: Vec<Vec<u8>>,
    /// The inode at the path.
    pub(crate) named: usize,
    pub(crate) descriptions: Vec<Description>,
    pub(crate) handles: [Option<Handle>; SLOTS],
    /// Handles that were closed while something went on.
    pub(crate) closed: Vec<Handle>,
    /// Replacements that were given up.
    pub(crate) replacing: Vec<Bytes>,
    /// How many openings that truncate were given up.
    pub(crate) truncating: usize,
}

/// An open file, which clones share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Description {
    pub(crate) inode: usize,
    pub(crate) mode: Mode,
    pub(crate) position: u64,
    pub(crate) lock: Lock,
    /// Whether something that was given up may keep it open, and with it the lock.
    pub(crate) lingers: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Handle {
    pub(crate) description: usize,
    pub(crate) max_buf: usize,
    /// What was read ahead.
    pub(crate) unread: Vec<u8>,
    /// By how many bytes that were read ahead the position is too far, beside those.
    pub(crate) owed: usize,
    /// What was taken and could not be written.
    pub(crate) unwritten: Vec<u8>,
    /// Why a write failed.
    pub(crate) failed: Option<Fault>,
    pub(crate) busy: Option<Busy>,
    /// By what it goes back first, until it has.
    pub(crate) from: Option<From>,
    /// How the operation ended that nobody has asked about.
    pub(crate) told: Option<OperationResult>,
    pub(crate) given_up: Option<Change>,
    /// Whether the runtime of `busy` has ended, so that it may never be done.
    pub(crate) busy_has_ended: bool,
    /// The same of `given_up`.
    pub(crate) given_up_has_ended: bool,
}

/// By what an operation goes back first: the user has not read what was read ahead.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct From {
    pub(crate) unread: Vec<u8>,
    pub(crate) owed: usize,
}

impl From {
    pub(crate) fn back(&self) -> usize {
        self.unread.len() + self.owed
    }
}

/// An operation of the traits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Busy {
    Read(usize),
    Write(Vec<u8>),
    Seek(SeekTarget),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum OperationResult {
    Read(Result<(), Fault>),
    Write(Result<(), Fault>),
    Seek(Result<u64, Fault>),
}

/// `SeekFrom`, which cannot be hashed in all supported versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SeekTarget {
    Start(u64),
    End(i64),
    Current(i64),
}

impl std::convert::From<SeekFrom> for SeekTarget {
    fn from(position: SeekFrom) -> Self {
        match position {
            SeekFrom::Start(n) => Self::Start(n),
            SeekFrom::End(n) => Self::End(n),
            SeekFrom::Current(n) => Self::Current(n),
        }
    }
}

/// An operation of `&self` that changes something.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    /// Goes back by what was read ahead first.
    SetLen(Option<From>, u64),
    WriteAt(Bytes, u64),
    Fallocate(u64),
    Lock(Lock),
    /// Nothing that a program here sees.
    Unseen,
}

impl Handle {
    pub(crate) const fn new(description: usize, max_buf: usize) -> Self {
        Self {
            description,
            max_buf,
            unread: Vec::new(),
            owed: 0,
            unwritten: Vec::new(),
            failed: None,
            busy: None,
            from: None,
            told: None,
            given_up: None,
            busy_has_ended: false,
            given_up_has_ended: false,
        }
    }

    pub(crate) const fn is_idle(&self) -> bool {
        self.busy.is_none() && self.given_up.is_none()
    }
}

/// A handle in a slot, or a closed one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HandleRef {
    Slot(usize),
    Closed(usize),
}

impl State {
    pub(crate) fn new(content: Vec<u8>) -> Self {
        Self {
            inodes: vec![content],
            named: 0,
            descriptions: Vec::new(),
            handles: std::array::from_fn(|_| None),
            closed: Vec::new(),
            replacing: Vec::new(),
            truncating: 0,
        }
    }

    /// The handle in a slot that is not empty.
    pub(crate) fn at(&mut self, slot: usize) -> &mut Handle {
        self.handles[slot].as_mut().expect("the slot is not empty")
    }

    /// An operation of the traits begins at the handle in a slot, which goes back at once or with the operation.
    pub(crate) fn begin(mut self, slot: usize, busy: Busy) -> Vec<Self> {
        let from = self.take_from(slot);
        let handle = self.at(slot);
        let index = handle.description;
        handle.unwritten.clear();
        handle.busy = Some(busy);
        handle.busy_has_ended = false;
        if from.back() == 0 {
            return vec![self];
        }
        let mut gone_back = self.clone();
        self.at(slot).from = Some(from.clone());
        match gone_back.go_back(index, from.back()) {
            Ok(()) => vec![gone_back, self],
            Err(_) => vec![self],
        }
    }

    pub(crate) fn description(&mut self, slot: usize) -> &mut Description {
        let index = self.at(slot).description;
        &mut self.descriptions[index]
    }

    pub(crate) fn content(&mut self, slot: usize) -> &mut Vec<u8> {
        let inode = self.description(slot).inode;
        &mut self.inodes[inode]
    }

    fn who(&mut self, who: HandleRef) -> &mut Handle {
        match who {
            HandleRef::Slot(slot) => self.at(slot),
            HandleRef::Closed(index) => &mut self.closed[index],
        }
    }

    fn everybody(&self) -> Vec<HandleRef> {
        let slots = (0..SLOTS).filter(|&slot| self.handles[slot].is_some());
        let closed = (0..self.closed.len()).map(HandleRef::Closed);
        slots.map(HandleRef::Slot).chain(closed).collect()
    }

    /// The states that may follow without anybody doing anything.
    pub(crate) fn successors(&self) -> Vec<Self> {
        let mut after = Vec::new();
        for who in self.everybody() {
            after.extend(self.after_busy(who));
            after.extend(self.after_change(who));
        }
        for index in 0..self.replacing.len() {
            let mut next = self.clone();
            let bytes = next.replacing.remove(index);
            next.replace(bytes);
            after.push(next);
        }
        if self.truncating > 0 {
            let mut next = self.clone();
            next.truncating -= 1;
            next.inodes[next.named].clear();
            after.push(next);
        }
        for (index, description) in self.descriptions.iter().enumerate() {
            if description.lock != Lock::None && !self.is_open(index) {
                let mut next = self.clone();
                next.descriptions[index].lock = Lock::None;
                after.push(next);
            }
        }
        for next in &mut after {
            next.closed.retain(|handle| !handle.is_idle());
        }
        after
    }

    fn is_open(&self, description: usize) -> bool {
        let mut open = self.handles.iter().flatten();
        open.any(|handle| handle.description == description)
    }

    /// The file at the path is another from now on.
    pub(crate) fn replace(&mut self, bytes: Bytes) {
        self.named = self.inodes.len();
        self.inodes.push(bytes.to_vec());
    }

    /// The states after one step of the operation of the traits that goes on.
    fn after_busy(&self, who: HandleRef) -> Vec<Self> {
        let mut next = self.clone();
        let index = next.who(who).description;
        let Some(busy) = next.who(who).busy.clone() else {
            return Vec::new();
        };
        if let Some(from) = next.who(who).from.take() {
            if let Err(fault) = next.go_back(index, from.back()) {
                let handle = next.who(who);
                handle.busy = None;
                handle.told = Some(match busy {
                    Busy::Read(_) => OperationResult::Read(Err(fault)),
                    Busy::Write(_) => OperationResult::Write(Err(fault)),
                    Busy::Seek(_) => OperationResult::Seek(Err(fault)),
                });
            }
            return vec![next];
        }
        next.who(who).busy = None;
        let told = match busy {
            Busy::Read(limit) => {
                let read = next.read(index, limit);
                OperationResult::Read(read.map(|bytes| next.who(who).unread = bytes))
            }
            Busy::Write(bytes) => {
                let written = next.write(index, &bytes).map(drop);
                if written.is_err() {
                    next.who(who).unwritten = bytes;
                }
                OperationResult::Write(written)
            }
            Busy::Seek(goal) => OperationResult::Seek(next.seek(index, goal)),
        };
        next.who(who).told = Some(told);
        vec![next]
    }

    /// The states after one step of what was given up.
    fn after_change(&self, who: HandleRef) -> Vec<Self> {
        let mut next = self.clone();
        let index = next.who(who).description;
        let Some(mut change) = next.who(who).given_up.take() else {
            return Vec::new();
        };
        if let Change::SetLen(from, _) = &mut change {
            if let Some(from) = from.take() {
                if next.go_back(index, from.back()).is_ok() {
                    next.who(who).given_up = Some(change);
                }
                return vec![next];
            }
        }
        let _outcome = next.change(index, &change);
        vec![next]
    }

    /// From where an operation at the handle in a slot begins, which has nothing in its buffer then.
    pub(crate) fn take_from(&mut self, slot: usize) -> From {
        let handle = self.at(slot);
        From {
            unread: std::mem::take(&mut handle.unread),
            owed: std::mem::take(&mut handle.owed),
        }
    }

    /// How a change ends that somebody waits for.
    pub(crate) fn changed(&mut self, index: usize, change: &Change) -> Result<(), Fault> {
        if let Change::SetLen(Some(from), _) = change {
            self.go_back(index, from.back())?;
        }
        self.change(index, change)
    }

    /// Does what is left of `change`.
    fn change(&mut self, index: usize, change: &Change) -> Result<(), Fault> {
        let inode = self.descriptions[index].inode;
        let mode = self.descriptions[index].mode;
        match *change {
            Change::SetLen(..) if !mode.writes() => Err(Fault::Invalid),
            Change::SetLen(_, length) => {
                self.inodes[inode].resize(length as usize, 0);
                Ok(())
            }
            Change::Fallocate(_) if !mode.writes() => Err(Fault::BadDescriptor),
            Change::Fallocate(end) => {
                let content = &mut self.inodes[inode];
                content.resize(content.len().max(end as usize), 0);
                Ok(())
            }
            Change::WriteAt(bytes, offset) => self.write_at(index, bytes, offset).map(drop),
            Change::Lock(lock) => self.try_lock(index, lock),
            Change::Unseen => Ok(()),
        }
    }

    /// Reads by the position.
    pub(crate) fn read(&mut self, index: usize, limit: usize) -> Result<Vec<u8>, Fault> {
        let description = &mut self.descriptions[index];
        if !description.mode.reads() {
            return Err(Fault::BadDescriptor);
        }
        let content = &self.inodes[description.inode];
        let bytes = part(content, description.position, limit);
        description.position += bytes.len() as u64;
        Ok(bytes)
    }

    /// Reads at `offset`.
    pub(crate) fn read_at(&self, index: usize, limit: usize, at: u64) -> Result<Vec<u8>, Fault> {
        let description = &self.descriptions[index];
        if !description.mode.reads() {
            return Err(Fault::BadDescriptor);
        }
        Ok(part(&self.inodes[description.inode], at, limit))
    }

    /// Writes by the position.
    pub(crate) fn write(&mut self, index: usize, bytes: &[u8]) -> Result<usize, Fault> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let description = &mut self.descriptions[index];
        let content = &mut self.inodes[description.inode];
        match description.mode {
            Mode::Read => return Err(Fault::BadDescriptor),
            Mode::Append => description.position = content.len() as u64,
            _ => {}
        }
        put(content, description.position, bytes);
        description.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    /// Writes at `offset`; Linux appends all the same to a file that was opened so.
    fn write_at(&mut self, index: usize, bytes: Bytes, offset: u64) -> Result<usize, Fault> {
        let description = &self.descriptions[index];
        if !description.mode.writes() && bytes.length > 0 {
            return Err(Fault::BadDescriptor);
        }
        let content = &mut self.inodes[description.inode];
        let offset = match description.mode {
            Mode::Append => content.len() as u64,
            _ => offset,
        };
        put(content, offset, &bytes.to_vec());
        Ok(bytes.length)
    }

    /// Moves the position.
    pub(crate) fn seek(&mut self, index: usize, goal: SeekTarget) -> Result<u64, Fault> {
        let description = &mut self.descriptions[index];
        let length = self.inodes[description.inode].len() as u64;
        let at = match goal {
            SeekTarget::Start(n) => Some(n),
            SeekTarget::End(n) => length.checked_add_signed(n),
            SeekTarget::Current(n) => description.position.checked_add_signed(n),
        };
        let at = at.filter(|&at| i64::try_from(at).is_ok());
        description.position = at.ok_or(Fault::Invalid)?;
        Ok(description.position)
    }

    pub(crate) fn go_back(&mut self, index: usize, by: usize) -> Result<(), Fault> {
        self.seek(index, SeekTarget::Current(-(by as i64)))
            .map(drop)
    }

    /// Whether somebody else has a lock that `lock` does not go with.
    pub(crate) fn has_rival(&self, index: usize, lock: Lock) -> bool {
        let inode = self.descriptions[index].inode;
        let mut others = self.descriptions.iter().enumerate();
        others.any(|(other, description)| {
            other != index
                && description.inode == inode
                && (description.lock == Lock::Exclusive
                    || description.lock == Lock::Shared && lock == Lock::Exclusive)
        })
    }

    fn try_lock(&mut self, index: usize, lock: Lock) -> Result<(), Fault> {
        if lock != Lock::None && self.has_rival(index, lock) {
            if self.descriptions[index].lock != lock {
                // Linux lets go of the old one before it looks for the new one.
                self.descriptions[index].lock = Lock::None;
            }
            return Err(Fault::WouldBlock);
        }
        self.descriptions[index].lock = lock;
        Ok(())
    }
}

/// Up to `limit` bytes of `content` from `at` on.
fn part(content: &[u8], at: u64, limit: usize) -> Vec<u8> {
    let rest = content.get(at as usize..).unwrap_or_default();
    rest[..limit.min(rest.len())].to_vec()
}

/// Puts `bytes` into `content` at `at`; between it and the end are zeroes.
fn put(content: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    if bytes.is_empty() {
        return;
    }
    let (at, end) = (at as usize, at as usize + bytes.len());
    content.resize(content.len().max(end), 0);
    content[at..end].copy_from_slice(bytes);
}
