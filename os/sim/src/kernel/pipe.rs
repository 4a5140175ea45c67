//! Pipes: bytes within a host, in slots of a page, as Linux keeps them.
//!
//! Idea        A pipe has 16 slots. A write fills the last slot if all that does not make whole pages fits into it, and takes slots
//!             that are free; so a write of up to a page is never divided. That is also why a pipe may be full with few bytes in it.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{ObjectId, PipeId};

/// Bytes of a slot.
const PAGE: usize = 4096;
/// Slots of a pipe.
const SLOTS: usize = 16;
/// Bytes that a pipe has room for.
pub(crate) const PIPE_CAPACITY: usize = PAGE * SLOTS;

/// A part of what is in a pipe: what was written, and how much of it was read.
#[derive(Debug)]
struct Slot {
    bytes: Vec<u8>,
    read: usize,
}

/// A pipe, with the objects of its ends, until they are closed.
#[derive(Debug)]
pub(super) struct Pipe {
    slots: VecDeque<Slot>,
    pub(super) reader: Option<ObjectId>,
    pub(super) writer: Option<ObjectId>,
}

impl Pipe {
    fn new(reader: ObjectId, writer: ObjectId) -> Self {
        Self {
            slots: VecDeque::new(),
            reader: Some(reader),
            writer: Some(writer),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.slots.len() >= SLOTS
    }

    pub(super) fn len(&self) -> usize {
        let left = self.slots.iter().map(|slot| slot.bytes.len() - slot.read);
        left.sum()
    }

    /// Puts bytes into slots; how many there was room for.
    pub(super) fn fill(&mut self, bytes: &[u8]) -> usize {
        let mut done = 0;
        let odd = bytes.len() % PAGE;
        if let Some(last) = self.slots.back_mut().filter(|_| odd > 0) {
            if last.bytes.len() + odd <= PAGE {
                last.bytes.extend_from_slice(&bytes[..odd]);
                done = odd;
            }
        }
        while done < bytes.len() && self.slots.len() < SLOTS {
            let end = bytes.len().min(done + PAGE);
            let part = bytes[done..end].to_vec();
            self.slots.push_back(Slot {
                bytes: part,
                read: 0,
            });
            done = end;
        }
        done
    }

    /// Takes bytes out of slots; how many there were.
    pub(super) fn drain(&mut self, room: &mut [u8]) -> usize {
        let mut done = 0;
        while let Some(slot) = self.slots.front_mut().filter(|_| done < room.len()) {
            let left = &slot.bytes[slot.read..];
            let count = left.len().min(room.len() - done);
            room[done..done + count].copy_from_slice(&left[..count]);
            slot.read += count;
            done += count;
            if slot.read == slot.bytes.len() {
                self.slots.pop_front();
            }
        }
        done
    }
}

/// All pipes.
#[derive(Debug, Default)]
pub(super) struct Pipes {
    all: BTreeMap<PipeId, Pipe>,
    next: u64,
}

impl Pipes {
    /// The number of the next pipe.
    pub(super) fn next_id(&mut self) -> PipeId {
        self.next += 1;
        PipeId(self.next)
    }

    pub(super) fn add(&mut self, id: PipeId, reader: ObjectId, writer: ObjectId) {
        self.all.insert(id, Pipe::new(reader, writer));
    }

    pub(super) fn remove(&mut self, id: PipeId) {
        self.all.remove(&id);
    }

    /// Pipes are gone whose ends `is_there` does not know.
    pub(super) fn retain(&mut self, mut is_there: impl FnMut(ObjectId) -> bool) {
        self.all.retain(|_, pipe| {
            let ends = [pipe.reader, pipe.writer];
            ends.into_iter().flatten().any(&mut is_there)
        });
    }

    pub(super) fn get(&self, id: PipeId) -> Option<&Pipe> {
        self.all.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: PipeId) -> &mut Pipe {
        self.all.get_mut(&id).expect("one end is open")
    }
}
