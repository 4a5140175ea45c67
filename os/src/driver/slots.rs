//! Where slots live: memory that never becomes anything else.
//!
//! Idea        Chunks that double in size and stay where they are; a slot's index finds its chunk
//!             by a count of leading zeros. An index and a generation make the poller's token, so
//!             a late event for a source that is gone finds a slot of another generation and does
//!             nothing: nobody waits for the poller before a slot is used again.
//! Invariants  I1 a chunk once made is neither moved nor freed before the table is.
//!             I2 an index is in `returned` or in use, never both.
//! Rejected    An `Arc` per source that a release list keeps alive until the next turn: a count, a
//!             list, and a lock at each end of a source's life.

use std::io;
use std::sync::OnceLock;

use selkie_core::raw::platform::Lock;

use super::slot::Slot;
use crate::io::Ready;

const FIRST_CHUNK_SLOTS: usize = 16;
/// Bits of a token that hold the place; the others hold the generation.
const INDEX_BITS: u32 = if usize::BITS >= 64 { 32 } else { 20 };
/// Sources that one driver can hold.
const CAPACITY_SLOTS: usize = FIRST_CHUNK_SLOTS * ((1 << CHUNKS) - 1);
const CHUNKS: usize = if usize::BITS >= 64 { 24 } else { 15 };
const GENERATION_MASK: usize = if usize::BITS >= 64 { 0xffff } else { 0xfff };
/// The bit of a place that says what its source carries; above every index.
const DATAGRAMS: u32 = 1 << (INDEX_BITS - 1);
const _: () = assert!(CAPACITY_SLOTS <= DATAGRAMS as usize);

/// What goes through a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carries {
    /// Bytes, or what only its owner knows: events are told as they are.
    Bytes,
    /// Datagrams: an error is for whoever receives or sends next, then it is gone, and nothing is closed.
    Datagrams,
}

/// The slot of a source, and what the source carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    pub(super) fn new(index: u32, carries: Carries) -> Self {
        match carries {
            Carries::Bytes => Self(index),
            Carries::Datagrams => Self(index | DATAGRAMS),
        }
    }

    pub(super) fn index(self) -> u32 {
        self.0 & !DATAGRAMS
    }

    pub(super) fn carries(self) -> Carries {
        match self.0 & DATAGRAMS {
            0 => Carries::Bytes,
            _ => Carries::Datagrams,
        }
    }
}

/// Which slot an event is for, as the poller carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(pub(super) usize);

impl Key {
    fn new(place: Place, generation: u16) -> Self {
        Self((usize::from(generation) & GENERATION_MASK) << INDEX_BITS | place.0 as usize)
    }

    pub(super) fn place(self) -> Place {
        // In range: a place has fewer bits than are masked.
        Place((self.0 & ((1 << INDEX_BITS) - 1)) as u32)
    }
}

#[derive(Debug, Default)]
struct Stock {
    returned: Vec<u32>,
    fresh: usize,
    registered: u64,
    deregistered: u64,
    closed: bool,
}

/// Why there is no slot.
#[derive(Debug)]
pub(super) enum NoSlot {
    ShutDown,
    Full,
}

/// All slots of one driver.
#[derive(Debug)]
pub(super) struct Slots {
    chunks: [OnceLock<Box<[Slot]>>; CHUNKS],
    stock: Lock<Stock>,
}

/// Chunk and place in it.
const fn locate(index: usize) -> (usize, usize) {
    let scaled = index / FIRST_CHUNK_SLOTS + 1;
    let chunk = scaled.ilog2() as usize;
    (chunk, index - FIRST_CHUNK_SLOTS * ((1 << chunk) - 1))
}

impl Slots {
    pub(super) fn new() -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            stock: Lock::default(),
        }
    }

    /// A free slot's index; its source is thought ready for `assumed`.
    pub(super) fn take(&self, assumed: Ready) -> Result<u32, NoSlot> {
        let mut stock = self.stock.lock();
        if stock.closed {
            return Err(NoSlot::ShutDown);
        }
        let index = match stock.returned.pop() {
            Some(index) => index,
            None if stock.fresh == CAPACITY_SLOTS => return Err(NoSlot::Full),
            None => {
                let (chunk, place) = locate(stock.fresh);
                if place == 0 {
                    let len = FIRST_CHUNK_SLOTS << chunk;
                    self.chunks[chunk].get_or_init(|| (0..len).map(|_| Slot::new()).collect());
                }
                stock.fresh += 1;
                // In range: the capacity is below 2^32.
                (stock.fresh - 1) as u32
            }
        };
        stock.registered += 1;
        self.at(index).assume(assumed); // Under the lock: see there.
        Ok(index)
    }

    /// Takes the slot back.
    pub(super) fn give_back(&self, index: u32) {
        self.at(index).close();
        let mut stock = self.stock.lock();
        stock.deregistered += 1;
        stock.returned.push(index);
    }

    /// The slot at `index`, which [`take`](Self::take) returned.
    pub(super) fn at(&self, index: u32) -> &Slot {
        let (chunk, place) = locate(index as usize);
        let slots = self.chunks[chunk]
            .get()
            .expect("the chunk of a taken slot is there");
        &slots[place]
    }

    /// The token for the present owner of the slot at `place`.
    pub(super) fn key(&self, place: Place) -> Key {
        Key::new(place, self.at(place.index()).generation())
    }

    /// The slot that `key` is for, and its owner's generation; `None` if it has another now.
    pub(super) fn find(&self, key: Key) -> Option<(&Slot, u16)> {
        let (chunk, offset) = locate(key.place().index() as usize);
        let slot = self.chunks.get(chunk)?.get()?.get(offset)?;
        let generation = slot.generation();
        (Key::new(key.place(), generation) == key).then_some((slot, generation))
    }

    /// Refuses further sources and tells every slot that the driver is gone.
    pub(super) fn shut_down(&self) {
        self.stock.lock().closed = true;
        for slot in self.chunks.iter().filter_map(OnceLock::get).flatten() {
            slot.shut_down();
        }
    }

    /// Sources registered and deregistered so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        let stock = self.stock.lock();
        (stock.registered, stock.deregistered)
    }
}

impl From<NoSlot> for io::Error {
    fn from(no_slot: NoSlot) -> Self {
        match no_slot {
            NoSlot::ShutDown => super::error::shutdown_error(),
            NoSlot::Full => Self::other(format!(
                "reactor full: {CAPACITY_SLOTS} of {CAPACITY_SLOTS} sources registered"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Carries, FIRST_CHUNK_SLOTS, Place, Ready, Slots, locate};

    #[test]
    fn indices_fill_chunk_after_chunk() {
        let mut expected = (0, 0);
        for index in 0..10_000 {
            assert_eq!(locate(index), expected);
            expected.1 += 1;
            if expected.1 == FIRST_CHUNK_SLOTS << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
    }

    #[test]
    fn a_key_dies_with_its_owner() {
        for carries in [Carries::Bytes, Carries::Datagrams] {
            let slots = Slots::new();
            let index = slots.take(Ready::EMPTY).unwrap();
            let key = slots.key(Place::new(index, carries));
            assert_eq!(key.place().carries(), carries);
            assert!(slots.find(key).is_some());
            slots.give_back(index);
            assert!(slots.find(key).is_none());
            assert_eq!(slots.take(Ready::EMPTY).unwrap(), index);
            assert!(slots.find(key).is_none());
            assert_eq!(slots.counts(), (2, 1));
        }
    }
}
