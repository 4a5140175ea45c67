//! The slab of slots: memory that never becomes anything else.
//!
//! Idea        Chunks that double in size and never move; the chunk of an index is found by a count of leading
//!             zeros. The key of a slot, its index and its generation, is the token that the poller carries. So a
//!             late event for a source that is gone finds a slot of another generation and does nothing, and a slot
//!             can be used again without waiting for the poller.
//! Invariants  I1 a chunk, once made, is neither moved nor freed before the slab is.
//!             I2 an index is in `returned` or in use, never both.
//! Rejected    An `Arc` per source, which a release list keeps alive until the next turn of the poller: a count, a
//!             list, and a lock at each end of a source's life.

use std::io;
use std::sync::OnceLock;

use selkie_core::raw::collections::boxed_slice;
use selkie_core::raw::platform::Lock;

use super::error::shutdown_error;
use super::slot::Slot;
use crate::async_io::Ready;

const FIRST_CHUNK_SLOTS: usize = 16;
/// Bits of a token that hold the tagged index; the others hold the generation.
const INDEX_BITS: u32 = if usize::BITS >= 64 { 32 } else { 20 };
/// Sources that one driver can hold.
const CAPACITY_SLOTS: usize = FIRST_CHUNK_SLOTS * ((1 << CHUNKS) - 1);
const CHUNKS: usize = if usize::BITS >= 64 { 24 } else { 15 };
const GENERATION_MASK: usize = if usize::BITS >= 64 { 0xffff } else { 0xfff };
/// The tag in an index: set for a datagram source. It lies above every index.
const DATAGRAMS: u32 = 1 << (INDEX_BITS - 1);
const _: () = assert!(CAPACITY_SLOTS <= DATAGRAMS as usize);

/// What kind of data a source transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceKind {
    /// A stream of bytes, or something that only the owner knows: events are reported as they are.
    Stream,
    /// Datagrams: an error is the outcome of the next receive or send, then it is gone, and nothing is closed.
    Datagram,
}

/// The index of a slot, tagged with the kind of its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TaggedIndex(u32);

impl TaggedIndex {
    pub(super) fn new(index: u32, kind: SourceKind) -> Self {
        match kind {
            SourceKind::Stream => Self(index),
            SourceKind::Datagram => Self(index | DATAGRAMS),
        }
    }

    pub(super) fn index(self) -> u32 {
        self.0 & !DATAGRAMS
    }

    pub(super) fn kind(self) -> SourceKind {
        match self.0 & DATAGRAMS {
            0 => SourceKind::Stream,
            _ => SourceKind::Datagram,
        }
    }
}

/// The index and generation of a slot, as the value of mio's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key(pub(super) usize);

impl Key {
    fn new(tagged: TaggedIndex, generation: u16) -> Self {
        Self((usize::from(generation) & GENERATION_MASK) << INDEX_BITS | tagged.0 as usize)
    }

    pub(super) fn tagged_index(self) -> TaggedIndex {
        // In range: a tagged index has no more bits than the mask.
        TaggedIndex((self.0 & ((1 << INDEX_BITS) - 1)) as u32)
    }
}

#[derive(Debug, Default)]
struct FreeList {
    returned: Vec<u32>,
    fresh: usize,
    registered: u64,
    deregistered: u64,
    closed: bool,
}

/// All slots of one driver.
#[derive(Debug)]
pub(super) struct Slots {
    chunks: [OnceLock<Box<[Slot]>>; CHUNKS],
    free_list: Lock<FreeList>,
}

/// The chunk of `index`, and the offset in it.
const fn locate(index: usize) -> (usize, usize) {
    let scaled = index / FIRST_CHUNK_SLOTS + 1;
    let chunk = scaled.ilog2() as usize;
    (chunk, index - FIRST_CHUNK_SLOTS * ((1 << chunk) - 1))
}

impl Slots {
    pub(super) fn new() -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            free_list: Lock::default(),
        }
    }

    /// Takes a free slot and returns its index. The source is assumed to be ready for `assumed`.
    ///
    /// # Errors
    /// If the driver has shut down, or all slots are taken.
    pub(super) fn take(&self, assumed: Ready) -> io::Result<u32> {
        let mut free_list = self.free_list.lock();
        if free_list.closed {
            return Err(shutdown_error());
        }
        let index = match free_list.returned.pop() {
            Some(index) => index,
            None if free_list.fresh == CAPACITY_SLOTS => return Err(full()),
            None => {
                let (chunk, offset) = locate(free_list.fresh);
                if offset == 0 {
                    let slots = boxed_slice(FIRST_CHUNK_SLOTS << chunk, |_| Slot::new());
                    let _ = self.chunks[chunk].set(slots);
                }
                free_list.fresh += 1;
                // In range: the capacity is below 2^32.
                (free_list.fresh - 1) as u32
            }
        };
        free_list.registered += 1;
        self.at(index).assume(assumed); // Under the lock, as `assume` demands.
        Ok(index)
    }

    /// Returns the slot to the free list.
    pub(super) fn give_back(&self, index: u32) {
        self.at(index).close();
        let mut free_list = self.free_list.lock();
        free_list.deregistered += 1;
        free_list.returned.push(index);
    }

    /// The slots of `chunk`, if it was made.
    #[inline]
    fn chunk(&self, chunk: usize) -> Option<&[Slot]> {
        self.chunks.get(chunk)?.get().map(|slots| &**slots)
    }

    /// The slot at `index`, which [`take`](Self::take) returned.
    pub(super) fn at(&self, index: u32) -> &Slot {
        let (chunk, offset) = locate(index as usize);
        &self
            .chunk(chunk)
            .expect("the chunk of a taken slot is there")[offset]
    }

    /// The key of the slot, for its present owner.
    pub(super) fn key(&self, tagged: TaggedIndex) -> Key {
        Key::new(tagged, self.at(tagged.index()).generation())
    }

    /// The slot that `key` names, and its generation; `None` if the slot has been given to another source.
    pub(super) fn find(&self, key: Key) -> Option<(&Slot, u16)> {
        let (chunk, offset) = locate(key.tagged_index().index() as usize);
        let slot = self.chunk(chunk)?.get(offset)?;
        let generation = slot.generation();
        (Key::new(key.tagged_index(), generation) == key).then_some((slot, generation))
    }

    /// Refuses further sources and tells every slot that the driver is gone.
    pub(super) fn shut_down(&self) {
        let mut free_list = self.free_list.lock();
        free_list.closed = true;
        let taken = free_list.fresh;
        drop(free_list);
        for index in 0..taken {
            // In range: the capacity is below 2^32.
            self.at(index as u32).shut_down();
        }
    }

    /// Sources registered and deregistered so far.
    pub(super) fn counts(&self) -> (u64, u64) {
        let free_list = self.free_list.lock();
        (free_list.registered, free_list.deregistered)
    }
}

#[cold]
fn full() -> io::Error {
    io::Error::other(format!(
        "reactor full: {CAPACITY_SLOTS} of {CAPACITY_SLOTS} sources registered"
    ))
}

#[cfg(test)]
mod tests {
    use super::{FIRST_CHUNK_SLOTS, Ready, Slots, SourceKind, TaggedIndex, locate};

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
        for kind in [SourceKind::Stream, SourceKind::Datagram] {
            let slots = Slots::new();
            let index = slots.take(Ready::EMPTY).unwrap();
            let key = slots.key(TaggedIndex::new(index, kind));
            assert_eq!(key.tagged_index().kind(), kind);
            assert!(slots.find(key).is_some());
            slots.give_back(index);
            assert!(slots.find(key).is_none());
            assert_eq!(slots.take(Ready::EMPTY).unwrap(), index);
            assert!(slots.find(key).is_none());
            assert_eq!(slots.counts(), (2, 1));
        }
    }
}
