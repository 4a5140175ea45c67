//! The owner and the blocks of a slab as any context may see them (I6 of `slab`).
#![allow(unsafe_code)]

use super::block::BlockRef;
use super::block_pool::BlockPool;
use super::slab::{Slab, SlabHeader};
use super::slot::SlotRef;
use crate::platform::{HAS_THREADS, Ordering, SLOT_CHUNK_BYTES};

impl<H: SlabHeader> Slab<H> {
    /// What the slots of this slab belong to.
    #[inline]
    pub fn owner(&self) -> *mut () {
        // Relaxed: set before any slot is handed out, and whoever asks has a slot.
        self.owner.load(Ordering::Relaxed)
    }

    /// The functions for it.
    #[inline]
    pub fn functions(&self) -> *const () {
        // Relaxed: as `owner`.
        self.functions.load(Ordering::Relaxed)
    }

    pub(super) fn set_owner(&self, owner: *mut (), functions: *const ()) {
        // A walk for the owner before, whose slots may still be known, is over then (I6).
        let _known = self.known.lock();
        // Relaxed: handed to others only with slots, see `owner`.
        self.owner.store(owner, Ordering::Relaxed);
        // Relaxed: as above.
        self.functions
            .store(functions.cast_mut(), Ordering::Relaxed);
    }

    /// Calls `visit` with every carved slot, taken or vacant, of all blocks, while the slab's slots belong to `owner`, or to
    /// anybody. Callable in any context where there are threads; without threads there is nothing to visit. A slot may be
    /// visited twice, and those that come or go meanwhile once or not at all. `visit` takes and gives back no slot, and
    /// touches what any context may touch of a slot.
    ///
    /// # Cost
    /// If the owner wants to take or give back a block meanwhile, it waits for the visit of one block at most.
    pub fn walk_from_outside(&self, owner: Option<*const ()>, mut visit: impl FnMut(SlotRef<H>)) {
        self.walk_by(owner, &mut visit);
    }

    fn walk_by(&self, owner: Option<*const ()>, visit: &mut dyn FnMut(SlotRef<H>)) {
        let mut next = usize::MAX;
        loop {
            let known = self.known.lock();
            // From the last to the first: a block that is moved to the place of one that goes has been visited, or is new.
            next = next.min(known.len());
            let is_wanted = owner.is_none_or(|owner| core::ptr::eq(self.owner(), owner));
            if next == 0 || !is_wanted {
                return;
            }
            next -= 1;
            let block = known[next];
            for index in 0..block.carved() {
                // SAFETY: below the number of slots that are carved; the block stays while it is known (I6).
                visit(unsafe { block.slot(index) });
            }
        }
    }

    /// The bytes of the blocks, while the slots belong to `owner`; else none, as where there are no threads.
    pub fn bytes_from_outside(&self, owner: *const ()) -> usize {
        let known = self.known.lock();
        let is_owned = core::ptr::eq(self.owner(), owner);
        usize::from(is_owned) * known.len() * SLOT_CHUNK_BYTES
    }

    /// Shows `block`, which the slab has from now on, to those who look from outside (I6).
    pub(super) fn make_known(&self, block: BlockRef<H>) {
        if HAS_THREADS {
            let mut known = self.known.lock();
            let place = known.len();
            known.push(block);
            // SAFETY: called by the owner.
            unsafe { block.with_state(|state| state.known_at = place) };
        }
    }

    /// Gives `block` to `pool`; no slot of it is taken.
    pub(super) fn give_block(&self, block: BlockRef<H>, pool: &BlockPool<H>) {
        if HAS_THREADS {
            let mut known = self.known.lock();
            // SAFETY: called by the owner.
            let place = unsafe { block.with_state(|state| state.known_at) };
            known.swap_remove(place);
            if let Some(moved) = known.get(place) {
                // SAFETY: as above.
                unsafe { moved.with_state(|state| state.known_at = place) };
            }
        }
        pool.give(block);
    }
}
