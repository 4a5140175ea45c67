//! Which blocks of a slab have vacant slots, which are in use, and which are empty.
//!
//! Idea        Per size class there is a list of blocks with vacant slots, of which the first is the
//!             *current* one that slots are taken from, and a list of blocks in use. A block that is
//!             not current and has no taken slot is *empty*: it leaves the list of blocks in use at once,
//!             so that the cost of a walk over the slots does not depend on how many there once were.
//! States      of a block: current → full → listed → current …; listed ⇄ empty
//! Invariants  I1 only the owner of the slab comes here (I2 of `slab`).
//!             I2 the current block is listed and linked; any other is linked exactly if a slot of
//!                it is taken, and listed if it has a vacant slot.
//! Rejected    One free list per class instead of one per block: to give a block back, the whole list
//!             would have to be searched for its slots.
#![allow(unsafe_code)]

use super::block::{BlockRef, BlockState, CLASSES, SlotHeader};
use super::slot::SlotRef;

/// The blocks of one slab.
pub(super) struct BlockLists<H: SlotHeader> {
    classes: [Class<H>; CLASSES],
    /// A bit per class that has, or had, blocks.
    touched: u64,
    /// Blocks that the slab has.
    blocks: usize,
    /// Blocks that are listed and not linked: no slot of them is taken.
    empty: usize,
}

struct Class<H: SlotHeader> {
    /// Blocks with vacant slots; the first is the current one.
    listed: Option<BlockRef<H>>,
    /// Blocks in use.
    linked: Option<BlockRef<H>>,
    /// Slots that outsiders gave back, taken off their stack and not yet put into their blocks.
    returned: Option<SlotRef<H>>,
}

impl<H: SlotHeader> BlockLists<H> {
    /// No blocks.
    pub(super) fn new() -> Self {
        Self {
            classes: [const {
                Class {
                    listed: None,
                    linked: None,
                    returned: None,
                }
            }; CLASSES],
            touched: 0,
            blocks: 0,
            empty: 0,
        }
    }

    /// How many blocks there are.
    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    /// How many blocks are empty.
    pub(super) fn empty(&self) -> usize {
        self.empty
    }

    /// The block that slots of `class` are taken from.
    #[inline]
    pub(super) fn current(&self, class: usize) -> Option<BlockRef<H>> {
        self.classes[class].listed
    }

    /// Calls `each` with the blocks in use.
    pub(super) fn each_in_use(&self, mut each: impl FnMut(BlockRef<H>)) {
        for class in &self.classes {
            let mut next = class.linked;
            while let Some(block) = next {
                each(block);
                // SAFETY: called by the owner (I1).
                next = unsafe { block.with_state(|state| state.next_linked) };
            }
        }
    }

    /// Slots of `class` that outsiders gave back and that are not yet in their blocks.
    pub(super) fn returned(&self, class: usize) -> Option<SlotRef<H>> {
        self.classes[class].returned
    }

    pub(super) fn set_returned(&mut self, class: usize, first: Option<SlotRef<H>>) {
        self.classes[class].returned = first;
    }

    /// Adds a block of `class`, which is the current one from now on.
    pub(super) fn add(&mut self, class: usize, block: BlockRef<H>) {
        self.touched |= 1 << class;
        self.blocks += 1;
        self.make_current(class, block);
    }

    /// The classes that have, or had, blocks.
    pub(super) fn touched_classes(&self) -> impl Iterator<Item = usize> + use<H> {
        let touched = self.touched;
        (0..CLASSES).filter(move |class| touched & (1 << class) != 0)
    }

    /// # Safety
    /// `slot` is a taken slot of this slab, vacant now.
    #[inline]
    pub(super) unsafe fn give_back(&mut self, slot: SlotRef<H>) {
        // SAFETY: by the caller's promise.
        let block = unsafe { BlockRef::of(slot) };
        // SAFETY: the owner's own block, and by the caller's promise.
        if unsafe { block.give_back(slot) } {
            self.settle(block);
        }
    }

    /// A slot has come back to `block`, which is not the current one (I2).
    #[cold]
    pub(super) fn settle(&mut self, block: BlockRef<H>) {
        // SAFETY: the owner's own block.
        let (listed, taken) = unsafe { block.with_state(|state| (state.listed, state.taken)) };
        if !listed {
            self.make_current(block.class(), block);
        } else if taken == 0 {
            self.unlink(block);
            self.empty += 1;
        }
    }

    /// Lists `block`, which is not listed, in front of the others.
    fn make_current(&mut self, class: usize, block: BlockRef<H>) {
        let before = self.classes[class].listed.replace(block);
        // SAFETY: the owner's own block.
        let linked = unsafe {
            block.with_state(|state| {
                state.listed = true;
                state.current = true;
                state.next_listed = before;
                state.linked
            })
        };
        if !linked {
            self.link(class, block);
        }
        let Some(before) = before else { return };
        let leave = |state: &mut BlockState<H>| {
            state.current = false;
            state.taken == 0
        };
        // SAFETY: the owner's own block.
        if unsafe { before.with_state(leave) } {
            self.unlink(before);
            self.empty += 1;
        }
    }

    /// `block`, the current one, has no vacant slot: the next of the list is the current one.
    pub(super) fn leave_current(&mut self, class: usize, block: BlockRef<H>) {
        let leave = |state: &mut BlockState<H>| {
            state.listed = false;
            state.current = false;
            state.next_listed.take()
        };
        // SAFETY: the owner's own block.
        let next = unsafe { block.with_state(leave) };
        self.classes[class].listed = next;
        let Some(next) = next else { return };
        let become_current = |state: &mut BlockState<H>| {
            state.current = true;
            state.linked
        };
        // SAFETY: the owner's own block.
        if !unsafe { next.with_state(become_current) } {
            self.empty -= 1;
            self.link(class, next);
        }
    }

    /// If no slot of the current block is taken, it is an empty one like the others.
    pub(super) fn set_current_aside(&mut self, class: usize) {
        let Some(block) = self.classes[class].listed else {
            return;
        };
        let leave = |state: &mut BlockState<H>| {
            state.current = state.taken != 0;
            !state.current
        };
        // SAFETY: the owner's own block.
        if unsafe { block.with_state(leave) } {
            self.unlink(block);
            self.empty += 1;
        }
    }

    /// Takes empty blocks off the list of `class`, at most `left`, which is counted down, until `keep`
    /// are left in the whole slab.
    pub(super) fn unlist_empty(
        &mut self,
        class: usize,
        keep: usize,
        left: &mut usize,
        take: &mut dyn FnMut(BlockRef<H>),
    ) {
        let mut last: Option<BlockRef<H>> = None;
        let mut next = self.classes[class].listed;
        while let Some(block) = next.filter(|_| self.empty > keep && *left > 0) {
            // SAFETY: the owner's own block.
            let linked = unsafe {
                block.with_state(|state| {
                    next = state.next_listed;
                    state.linked
                })
            };
            if linked {
                last = Some(block);
                continue;
            }
            match last {
                // SAFETY: as above.
                Some(last) => unsafe { last.with_state(|state| state.next_listed = next) },
                None => self.classes[class].listed = next,
            }
            // SAFETY: as above.
            unsafe {
                block.with_state(|state| {
                    state.listed = false;
                    state.next_listed = None;
                });
            }
            self.empty -= 1;
            self.blocks -= 1;
            *left -= 1;
            take(block);
        }
        self.restore_current(class);
    }

    /// The first of the list is the current block, and linked (I2).
    fn restore_current(&mut self, class: usize) {
        let Some(block) = self.classes[class].listed else {
            return;
        };
        // SAFETY: the owner's own block.
        let linked = unsafe {
            block.with_state(|state| {
                state.current = true;
                state.linked
            })
        };
        if !linked {
            self.empty -= 1;
            self.link(class, block);
        }
    }

    fn link(&mut self, class: usize, block: BlockRef<H>) {
        let next = self.classes[class].linked.replace(block);
        // SAFETY: the owner's own block.
        unsafe {
            block.with_state(|state| {
                state.linked = true;
                state.next_linked = next;
                state.previous_linked = None;
            });
        }
        if let Some(next) = next {
            // SAFETY: as above.
            unsafe { next.with_state(|state| state.previous_linked = Some(block)) };
        }
    }

    fn unlink(&mut self, block: BlockRef<H>) {
        let out = |state: &mut BlockState<H>| {
            state.linked = false;
            (state.previous_linked.take(), state.next_linked.take())
        };
        // SAFETY: the owner's own block.
        let (previous, next) = unsafe { block.with_state(out) };
        match previous {
            // SAFETY: as above.
            Some(previous) => unsafe { previous.with_state(|state| state.next_linked = next) },
            None => self.classes[block.class()].linked = next,
        }
        if let Some(next) = next {
            // SAFETY: as above.
            unsafe { next.with_state(|state| state.previous_linked = previous) };
        }
    }
}
