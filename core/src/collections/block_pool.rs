//! The blocks that no slab has.
//!
//! Idea        A block that a slab gives back keeps its size class for ever, so the pool has a stack
//!             per class. A few blocks keep their memory, for the next slab. The memory of the others is given
//!             back to the system, and is initialised again when such a block is taken.
//! Invariants  I1 no slot of a block in the pool is taken.
//! Rejected    A slab that keeps its blocks: after a burst of a million tasks, their memory would stay
//!             with the slab that they were spawned in.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::block::{BlockRef, CLASSES, ReleasedBlock, SlotHeader};
use super::extent::Extent;
use crate::maybe_const;
use crate::platform::{Lock, POOLED_BLOCKS};

/// Blocks for slabs, shared by all slabs of one pool.
pub struct BlockPool<H: SlotHeader>(Lock<Blocks<H>>);

struct Blocks<H: SlotHeader> {
    /// Memory that no class has.
    spare: Extent,
    vacant: [Vec<PooledBlock<H>>; CLASSES],
    /// Blocks in the pool whose memory was not released.
    resident: usize,
}

/// A block in the pool.
enum PooledBlock<H: SlotHeader> {
    Resident(BlockRef<H>),
    ReleasedBlock(NonNull<u8>, ReleasedBlock),
}

// SAFETY: the memory of a block that nobody has belongs to no thread.
unsafe impl<H: SlotHeader> Send for Blocks<H> {}

impl<H: SlotHeader> core::fmt::Debug for BlockPool<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BlockPool").finish_non_exhaustive()
    }
}

impl<H: SlotHeader> BlockPool<H> {
    maybe_const! {
        /// A pool without blocks.
        pub(super) fn new() -> Self {
            Self(Lock::new(Blocks {
                spare: Extent::new(),
                vacant: [const { Vec::new() }; CLASSES],
                resident: 0,
            }))
        }
    }

    /// A block of the size class `class` without a taken slot, for the caller alone.
    pub(super) fn take(&self, class: usize) -> BlockRef<H> {
        let mut blocks = self.0.lock();
        let (memory, released) = match blocks.vacant[class].pop() {
            Some(PooledBlock::Resident(block)) => {
                blocks.resident -= 1;
                return block;
            }
            Some(PooledBlock::ReleasedBlock(memory, released)) => (memory, Some(released)),
            None => (blocks.spare.take(), None),
        };
        drop(blocks);
        // SAFETY: from the extent, or a block of this class that was released (I1).
        unsafe { BlockRef::make(memory, class, released) }
    }

    /// Takes `block` back, which the caller has to itself, without a taken slot.
    pub(super) fn give(&self, block: BlockRef<H>) {
        let class = block.class();
        let mut blocks = self.0.lock();
        if blocks.resident < POOLED_BLOCKS {
            blocks.resident += 1;
            blocks.vacant[class].push(PooledBlock::Resident(block));
            return;
        }
        drop(blocks);
        // Outside the lock, since it enters the system.
        // SAFETY: the caller has the block to itself, and no slot is taken.
        let released = unsafe { block.release() };
        let mut blocks = self.0.lock();
        match released {
            Some(released) => {
                let memory = block.memory();
                blocks.vacant[class].push(PooledBlock::ReleasedBlock(memory, released));
            }
            None => {
                blocks.resident += 1;
                blocks.vacant[class].push(PooledBlock::Resident(block));
            }
        }
    }
}
