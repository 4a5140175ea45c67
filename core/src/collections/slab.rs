//! Memory for tasks that never becomes anything else: type-stable slots in size classes.
//!
//! Idea        A [`Slab`] hands out slots of 32-byte size classes from blocks. Every slot starts
//!             with an `H`, made when the slot is carved and never unmade, so a stale pointer to a
//!             slot always finds an `H` there and can be a plain word. Blocks come from a pool, and
//!             go back when no slot of theirs is taken: when the slab is trimmed or its owner ends.
//! States      of a slab: in the pool ⇄ owned; of a slot: carved → vacant ⇄ taken
//! Invariants  I1 the `H` of a carved slot stays in place for ever (I1 of `block`).
//!             I2 `local`, and the state of the slab's blocks, are touched by the owner only;
//!                outsiders give back by `remote`.
//!             I3 without threads the owner's context may be interrupted at any step, and the handler
//!                may take and give back: `local` is touched in critical sections only, and all slots
//!                come back by `remote`, since a handler has its `CURRENT_SLAB` from the context that
//!                it interrupted.
//!             I4 a slab is owned by one owner at a time, and none of its slots holds a live task
//!                when it goes back to the pool: its owner sees to it.
//!             I5 `CURRENT_SLAB` is the slab of the innermost guard of this context, or 0: a guard
//!                that does not find its own mark leaves none.
//!             I6 `known` has the blocks that the slab has, where there are threads: it is changed by the owner, and a block
//!                is in it until the owner is about to give the block back. The slab gets another owner under its lock.
//! Rejected    malloc with a reference count: two atomic operations for every waker, and under
//!             glibc an aligned allocation of a cell costs more than the rest of a spawn.
#![allow(unsafe_code)]

use alloc::vec::Vec;
use core::ptr::NonNull;

use super::block::{BlockRef, CLASSES, SlotHeader};
use super::block_lists::BlockLists;
use super::block_pool::BlockPool;
use super::slot::SlotRef;
use crate::platform::{AtomicPtr, HAS_THREADS, Lock, Ordering, UnsafeCell, without_interrupts};
use crate::{array_of, context_cell};

context_cell! {
    /// Address of the slab whose owner the running context is, or 0.
    static CURRENT_SLAB: usize = 0;
}

/// A header whose crate compiles what is rare of its slabs: once, instead of wherever a slot is taken or given back.
///
/// # Safety
/// The functions are those of [`Slab`] with the same names.
pub unsafe trait SlabHeader: SlotHeader {
    /// [`Slab::take_slowly`].
    ///
    /// # Safety
    /// As there.
    unsafe fn take_slowly(
        slab: &'static Slab<Self>,
        class: usize,
        pool: &BlockPool<Self>,
    ) -> SlotRef<Self>;

    /// [`Slab::settle`].
    ///
    /// # Safety
    /// As there.
    unsafe fn settle(slab: &Slab<Self>, slot: SlotRef<Self>);
}

/// A source of slots; owned by one owner at a time and never freed.
pub struct Slab<H: SlabHeader> {
    /// What the owner's slots belong to: an address that slots' users interpret.
    pub(super) owner: AtomicPtr<()>,
    /// A table of functions for what is at that address.
    pub(super) functions: AtomicPtr<()>,
    local: UnsafeCell<BlockLists<H>>,
    /// The blocks, for those who look from outside (I6).
    pub(super) known: Lock<Vec<BlockRef<H>>>,
    remote: [AtomicPtr<H>; CLASSES],
}

/// Slots that are put into their blocks before a slot is taken.
const RETURNED_AT_A_TAKE: usize = 64;
/// Slots of each class that are put into their blocks when a slab is trimmed.
const RETURNED_AT_A_TRIM: usize = 1024;

/// The slot at `header`, if that is not null.
///
/// # Safety
/// It is null or the header of a carved slot.
unsafe fn slot_at<H>(header: *mut H) -> Option<SlotRef<H>> {
    // SAFETY: by the caller's promise (I1).
    NonNull::new(header).map(|header| unsafe { SlotRef::new(header) })
}

// SAFETY: `local` is touched by the owner only (I2), the rest is atomic.
unsafe impl<H: SlabHeader> Sync for Slab<H> {}
// SAFETY: as above; nothing in a slab belongs to a thread.
unsafe impl<H: SlabHeader> Send for Slab<H> {}

impl<H: SlabHeader> core::fmt::Debug for Slab<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Slab")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl<H: SlabHeader> Slab<H> {
    pub(super) fn new() -> Self {
        Self {
            owner: AtomicPtr::new(core::ptr::null_mut()),
            functions: AtomicPtr::new(core::ptr::null_mut()),
            local: UnsafeCell::new(BlockLists::new()),
            known: Lock::new(Vec::new()),
            remote: array_of!(AtomicPtr::new(core::ptr::null_mut()); CLASSES),
        }
    }

    /// The slab that `slot` came from.
    ///
    /// # Safety
    /// `slot` came from a [`SlabOwner`](super::SlabOwner), and is taken.
    #[inline]
    pub unsafe fn of<'a>(slot: SlotRef<H>) -> &'a Self {
        // SAFETY: by the caller's promise.
        let block = unsafe { BlockRef::of(slot) };
        // SAFETY: as above.
        let slab = unsafe { block.slab() };
        // SAFETY: a block with a taken slot has a slab, and slabs are never freed.
        unsafe { &*slab.cast::<Self>() }
    }

    /// Gives `slot` back to its slab: without an atomic operation in the context that is the
    /// slab's owner, by one compare-and-swap elsewhere and without threads (I3).
    ///
    /// # Safety
    /// `slot` came from a [`SlabOwner`](super::SlabOwner), is taken, and is not used after this call.
    #[inline]
    pub unsafe fn give_back(slot: SlotRef<H>) {
        // SAFETY: by the caller's promise.
        let slab = unsafe { Self::of(slot) };
        if HAS_THREADS && CURRENT_SLAB.get() == core::ptr::from_ref(slab).addr() {
            // SAFETY: by the caller's promise.
            let block = unsafe { BlockRef::of(slot) };
            // SAFETY: by the caller's promise; the block is this context's own (I2).
            let give_back = |_: &mut BlockLists<H>| unsafe { block.give_back(slot) };
            // SAFETY: this context is the owner (I2).
            if unsafe { slab.with_local(give_back) } {
                // SAFETY: as above.
                unsafe { H::settle(slab, slot) };
            }
        } else {
            // SAFETY: by the caller's promise.
            let class = unsafe { BlockRef::of(slot) }.class();
            slab.give_back_remote(class, slot);
        }
    }

    fn give_back_remote(&self, class: usize, slot: SlotRef<H>) {
        let stack = &self.remote[class];
        let mut top = stack.load(Ordering::Relaxed);
        loop {
            slot.next().set(top);
            // Release: pairs with the Acquire swap in `collect`: the link is seen.
            match stack.compare_exchange_weak(
                top,
                slot.as_non_null().as_ptr(),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }

    /// Moves the block of `slot`, which has come back to it, to the list that it belongs to now.
    ///
    /// # Safety
    /// The caller is the owner (I2); the slot came back to a block that is not the current one.
    #[cold]
    pub unsafe fn settle(&self, slot: SlotRef<H>) {
        // SAFETY: by the caller's promise.
        let block = unsafe { BlockRef::of(slot) };
        // SAFETY: as above.
        unsafe { self.with_local(|local| local.settle(block)) };
    }

    /// Takes a slot of the size class `class` out of the current block, if that has one.
    ///
    /// # Safety
    /// The caller is the owner (I2).
    #[inline]
    pub(super) unsafe fn take(&self, class: usize) -> Option<SlotRef<H>> {
        // SAFETY: the owner's own block (I2).
        let take = |block: BlockRef<H>| unsafe { block.take() };
        // SAFETY: by the caller's promise.
        unsafe { self.with_local(|local| local.current(class).and_then(take)) }
    }

    /// Takes a slot of the size class `class`; new blocks come from `pool`.
    ///
    /// # Safety
    /// The caller is the owner (I2).
    #[cold]
    pub unsafe fn take_slowly(&'static self, class: usize, pool: &BlockPool<H>) -> SlotRef<H> {
        // SAFETY: by the caller's promise.
        unsafe { self.with_local(|local| self.refill(local, class, pool)) }
    }

    fn refill(
        &'static self,
        local: &mut BlockLists<H>,
        class: usize,
        pool: &BlockPool<H>,
    ) -> SlotRef<H> {
        self.collect(local, class, RETURNED_AT_A_TAKE);
        loop {
            let Some(block) = local.current(class) else {
                let block = pool.take(class);
                // SAFETY: just taken out of the pool, without a taken slot.
                unsafe { block.set_slab(core::ptr::from_ref(self).cast()) };
                local.add(class, block);
                self.make_known(block);
                continue;
            };
            // SAFETY: the owner's own block (I2).
            if let Some(slot) = unsafe { block.take() } {
                return slot;
            }
            // SAFETY: as above.
            if let Some(slot) = unsafe { block.carve() } {
                return slot;
            }
            local.leave_current(class, block);
        }
    }

    /// Puts what outsiders have given back of the size class `class` into its blocks, at most `limit`
    /// slots.
    fn collect(&self, local: &mut BlockLists<H>, class: usize, limit: usize) {
        for _ in 0..limit {
            let mut top = local.returned(class);
            // Relaxed: a look; the swap decides.
            if top.is_none() && !self.remote[class].load(Ordering::Relaxed).is_null() {
                // Acquire: pairs with the Release in `give_back_remote`: the links are seen.
                let stack = self.remote[class].swap(core::ptr::null_mut(), Ordering::Acquire);
                // SAFETY: a slot that was given back here.
                top = unsafe { slot_at(stack) };
            }
            let Some(slot) = top else {
                return;
            };
            // SAFETY: as above: the stack is ours now.
            local.set_returned(class, unsafe { slot_at(slot.next().get()) });
            // SAFETY: it was given back to this slab, whose owner the caller is.
            unsafe { local.give_back(slot) };
        }
    }

    /// Calls `visit` with every carved slot, taken or vacant, of the blocks that are in use.
    ///
    /// # Safety
    /// The caller is the owner (I2), and trims nothing meanwhile.
    pub(super) unsafe fn walk(&self, visit: &mut dyn FnMut(SlotRef<H>)) {
        // SAFETY: by the caller's promise.
        let blocks = unsafe { self.in_use() };
        // The blocks stay with the slab while slots of them are visited, whatever list they are in.
        for (block, carved) in blocks {
            for index in 0..carved {
                // SAFETY: below the number of slots that are carved.
                visit(unsafe { block.slot(index) });
            }
        }
    }

    /// The blocks in use, each with the number of its carved slots.
    ///
    /// # Safety
    /// The caller is the owner (I2).
    unsafe fn in_use(&self) -> Vec<(BlockRef<H>, u16)> {
        let list = |local: &mut BlockLists<H>| {
            let mut blocks = Vec::with_capacity(local.blocks());
            local.each_in_use(|block| blocks.push((block, block.carved())));
            blocks
        };
        // SAFETY: by the caller's promise.
        unsafe { self.with_local(list) }
    }

    /// Calls `f` with the owner's lists.
    ///
    /// # Safety
    /// The caller is the owner (I2), and `f` does not come here.
    #[inline]
    unsafe fn with_local<R>(&self, f: impl FnOnce(&mut BlockLists<H>) -> R) -> R {
        // SAFETY: by the caller's promise; interrupt handlers are kept off (I3).
        without_interrupts(|| self.local.with_mut(|local| f(unsafe { &mut *local })))
    }

    /// Whether more than `keep` blocks are empty, or might be if what outsiders gave back were put
    /// into its blocks.
    ///
    /// # Safety
    /// The caller is the owner (I2).
    pub(super) unsafe fn has_surplus(&self, keep: usize) -> bool {
        let look = |local: &mut BlockLists<H>| {
            let is_returned = |class: usize| {
                // Relaxed: a look; `collect` decides.
                !self.remote[class].load(Ordering::Relaxed).is_null()
                    || local.returned(class).is_some()
            };
            local.empty() > keep
                || local.blocks() > keep && local.touched_classes().any(is_returned)
        };
        // SAFETY: by the caller's promise.
        unsafe { self.with_local(look) }
    }

    /// Gives empty blocks back to `pool`, at most `limit`, and leaves `keep` of them. Says whether it
    /// had to stop at the limit.
    ///
    /// # Safety
    /// The caller is the owner (I2).
    pub(super) unsafe fn trim(&self, keep: usize, limit: usize, pool: &BlockPool<H>) -> bool {
        let trim = |local: &mut BlockLists<H>| {
            let mut left = limit;
            for class in local.touched_classes() {
                self.collect(local, class, RETURNED_AT_A_TRIM);
                local.unlist_empty(class, keep, &mut left, &mut |block| {
                    self.give_block(block, pool)
                });
            }
            left == 0
        };
        // SAFETY: by the caller's promise.
        unsafe { self.with_local(trim) }
    }

    /// Gives every block back to `pool` of which no slot is taken: the owner ends.
    ///
    /// # Safety
    /// The caller is the owner (I2).
    pub(super) unsafe fn empty(&self, pool: &BlockPool<H>) {
        if CURRENT_SLAB.get() == core::ptr::from_ref(self).addr() {
            // The mark goes with the owner, though its guard may still be there.
            CURRENT_SLAB.set(0);
        }
        let empty = |local: &mut BlockLists<H>| {
            for class in local.touched_classes() {
                self.collect(local, class, usize::MAX);
                local.set_current_aside(class);
                let mut all = usize::MAX;
                local.unlist_empty(class, 0, &mut all, &mut |block| {
                    self.give_block(block, pool)
                });
            }
        };
        // SAFETY: by the caller's promise.
        unsafe { self.with_local(empty) }
    }
}

/// Ends what [`SlabOwner::enter`](super::SlabOwner::enter) began when dropped.
#[derive(Debug)]
#[must_use = "the mark is taken back when this drops"]
pub struct Entered {
    slab: usize,
    before: usize,
}

impl Entered {
    #[inline]
    pub(super) fn new<H: SlabHeader>(slab: &'static Slab<H>) -> Self {
        let slab = core::ptr::from_ref(slab).addr();
        Self {
            slab,
            before: CURRENT_SLAB.replace(slab),
        }
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        // A guard that leaves before one that was made after it: what stood before that one may have
        // left, so there is no mark, which is always right (I5).
        let is_innermost = CURRENT_SLAB.get() == self.slab;
        CURRENT_SLAB.set(if is_innermost { self.before } else { 0 });
    }
}
