//! A block of slots of one size: what a slab is made of.
//!
//! Idea        A block is a piece of memory aligned to its own size, so a slot finds its block by
//!             masking its address. The front of the block has two parts on different cache lines:
//!             the head, which is read by every context that has one of the slots, and the owner's state,
//!             which only the owner of the slab reads and writes. The slots follow. A slot is *carved*
//!             when it is taken for the first time; a slot that is given back is in the free list of
//!             its block.
//! States      in a slab (slots are taken, or may be) ⇄ in the pool (no slot is taken); in the pool:
//!             resident → released (the system may have zeroed the memory).
//! Invariants  I1 a carved slot starts with an `H` for ever, or with zeros, which are a vacant `H`:
//!                a stale pointer to a slot finds nothing else there.
//!             I2 the head is written only while no slot is taken.
//!             I3 the state is touched, and the count of carved slots changed, by the owner of the slab that has the block,
//!                or, in the pool, by whoever took the block out of it.
//!             I4 a vacant carved slot is in its block's free list, in the slab's stack of slots
//!                that outsiders gave back, or, of a released block, in none.
//!             I5 a block keeps the size of its slots for ever.
#![allow(unsafe_code)]

use core::ptr::{NonNull, null_mut};

use super::chain::QueueItem;
use super::slot::SlotRef;
use crate::platform::{AtomicUsize, CACHE_LINE_BYTES, Ordering, SLOT_CHUNK_BYTES, UnsafeCell};

/// Sizes of slots are multiples of this, and every slot is aligned to it.
pub const SLOT_ALIGN: usize = 32;

/// How many sizes of slots there are.
pub(super) const CLASSES: usize = if SLOT_CHUNK_BYTES >= 32 * 1024 {
    64
} else {
    16
};

/// Bytes of the largest slot.
pub const LARGEST_SLOT: usize = CLASSES * SLOT_ALIGN;

/// What every slot starts with.
///
/// # Safety
/// An `H` may be shared between threads in every state, vacant included, and a word of zeros
/// wherever another thread may look is a vacant `H`. The functions here and [`QueueItem::next`] are called while
/// a slab works on its lists, and do not come back to it.
pub unsafe trait SlotHeader: QueueItem + Sync + Sized + 'static {
    /// The header of a slot that was never taken.
    fn vacant() -> Self;

    /// A number that only grows with each life of the slot; of a vacant slot, that of its next life.
    fn generation(&self) -> usize;

    /// Makes the header vacant again, with the generation `generation`, where the system may have
    /// zeroed it.
    ///
    /// # Safety
    /// `this` was a vacant header, and the caller is the one that hands out its slot. Others may
    /// look at the header meanwhile, as at any vacant one.
    unsafe fn restore(this: SlotRef<Self>, generation: usize);
}

/// The front of a block.
#[repr(C)]
struct BlockHeader<H: SlotHeader> {
    /// The slab that has the block.
    slab: UnsafeCell<*const ()>,
    slot_bytes: usize,
    _apart: [u8; CACHE_LINE_BYTES],
    state: UnsafeCell<BlockState<H>>,
    /// Slots that were carved; the owner alone counts them.
    carved: AtomicUsize,
}

/// Bytes before the first slot.
const fn front_bytes<H: SlotHeader>() -> usize {
    let bytes = size_of::<BlockHeader<H>>().next_multiple_of(SLOT_ALIGN);
    // Both are powers of two, if there are lines at all.
    match CACHE_LINE_BYTES {
        0 => bytes,
        line => bytes.next_multiple_of(line),
    }
}

/// What the owner of a slab knows of one of its blocks.
pub(super) struct BlockState<H: SlotHeader> {
    /// Vacant carved slots.
    free: Option<SlotRef<H>>,
    /// Slots that are handed out.
    pub(super) taken: u16,
    /// Slots below this index were carved before the memory was released.
    carved_before: u16,
    /// Whether the block is in its class's list of blocks with vacant slots.
    pub(super) listed: bool,
    /// Whether it is the first of that list, from which slots are taken.
    pub(super) current: bool,
    /// Whether it is in its class's list of blocks in use.
    pub(super) linked: bool,
    pub(super) next_listed: Option<BlockRef<H>>,
    pub(super) next_linked: Option<BlockRef<H>>,
    pub(super) previous_linked: Option<BlockRef<H>>,
    /// Where the block stands among those that the slab shows to others.
    pub(super) known_at: usize,
    /// What the generations of slots that are restored begin with.
    generation: usize,
}

/// What a block needs to remember while its memory is released.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReleasedBlock {
    carved: u16,
    generation: usize,
}

/// A block, by its address.
pub(super) struct BlockRef<H: SlotHeader>(NonNull<BlockHeader<H>>);

impl<H: SlotHeader> Clone for BlockRef<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: SlotHeader> Copy for BlockRef<H> {}

impl<H: SlotHeader> PartialEq for BlockRef<H> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<H: SlotHeader> core::fmt::Debug for BlockRef<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

// SAFETY: an address; what may be done with it is said by the invariants, not by threads.
unsafe impl<H: SlotHeader> Send for BlockRef<H> {}

/// How many slots of `slot_bytes` a block has.
const fn slots_per_block<H: SlotHeader>(slot_bytes: usize) -> usize {
    (SLOT_CHUNK_BYTES - front_bytes::<H>()) / slot_bytes
}

impl<H: SlotHeader> BlockRef<H> {
    /// Makes a block of `memory`, for slots of the size class `class`.
    ///
    /// # Safety
    /// `memory` is the caller's, has `SLOT_CHUNK_BYTES` and that alignment, and is never freed. If
    /// it was a block before, it was of this class (I5), no slot of it is taken, and `released` is
    /// what [`release`](Self::release) said.
    pub(super) unsafe fn make(
        memory: NonNull<u8>,
        class: usize,
        released: Option<ReleasedBlock>,
    ) -> Self {
        let front = memory.cast::<BlockHeader<H>>();
        let ReleasedBlock { carved, generation } = released.unwrap_or(ReleasedBlock {
            carved: 0,
            generation: 0,
        });
        let value = BlockHeader {
            slab: UnsafeCell::new(core::ptr::null()),
            slot_bytes: (class + 1) * SLOT_ALIGN,
            _apart: [0; CACHE_LINE_BYTES],
            state: UnsafeCell::new(BlockState {
                free: None,
                taken: 0,
                carved_before: carved,
                listed: false,
                current: false,
                linked: false,
                next_listed: None,
                next_linked: None,
                previous_linked: None,
                known_at: 0,
                generation,
            }),
            carved: AtomicUsize::new(0),
        };
        // SAFETY: the front of a block that is the caller's.
        unsafe { front.write(value) };
        Self(front)
    }

    /// The block that `slot` is in.
    ///
    /// # Safety
    /// `slot` is a slot of a block.
    #[inline]
    pub(super) unsafe fn of(slot: SlotRef<H>) -> Self {
        let front = slot
            .as_non_null()
            .as_ptr()
            .map_addr(|address| address & !(SLOT_CHUNK_BYTES - 1));
        // SAFETY: a block lies at the multiple of its size below its slots.
        Self(unsafe { NonNull::new_unchecked(front.cast()) })
    }

    #[inline]
    fn front(&self) -> &BlockHeader<H> {
        // SAFETY: blocks are never freed, and the front of one stays initialised while anybody but
        // the pool knows the block.
        unsafe { self.0.as_ref() }
    }

    /// The slab that has the block.
    ///
    /// # Safety
    /// The caller has one of the slots, or owns the slab (I2).
    #[inline]
    pub(super) unsafe fn slab(self) -> *const () {
        // SAFETY: nobody writes it meanwhile, by the caller's promise.
        self.front().slab.with(|slab| unsafe { *slab })
    }

    /// Gives the block to `slab`.
    ///
    /// # Safety
    /// No slot is taken, and the caller has the block to itself.
    pub(super) unsafe fn set_slab(self, slab: *const ()) {
        // SAFETY: nobody reads it meanwhile (I2).
        self.front().slab.with_mut(|place| unsafe { *place = slab });
    }

    /// The size class of the block's slots.
    #[inline]
    pub(super) fn class(self) -> usize {
        self.front().slot_bytes / SLOT_ALIGN - 1
    }

    /// Calls `f` with the state.
    ///
    /// # Safety
    /// The caller is the one that may touch them (I3), and `f` does not come here for this block.
    #[inline]
    pub(super) unsafe fn with_state<R>(self, f: impl FnOnce(&mut BlockState<H>) -> R) -> R {
        // SAFETY: by the caller's promise.
        self.front()
            .state
            .with_mut(|state| f(unsafe { &mut *state }))
    }

    fn memory_of(self, index: u16) -> NonNull<H> {
        let offset = front_bytes::<H>() + usize::from(index) * self.front().slot_bytes;
        // SAFETY: the index is below the number of slots that the block has.
        unsafe { self.0.byte_add(offset) }.cast()
    }

    /// The slot `index`.
    ///
    /// # Safety
    /// It was carved (I1).
    pub(super) unsafe fn slot(self, index: u16) -> SlotRef<H> {
        // SAFETY: by the caller's promise; the pointer is good for the whole block.
        unsafe { SlotRef::new(self.memory_of(index)) }
    }

    /// Takes a vacant carved slot.
    ///
    /// # Safety
    /// As for [`with_state`](Self::with_state).
    #[inline]
    pub(super) unsafe fn take(self) -> Option<SlotRef<H>> {
        let pop = |state: &mut BlockState<H>| {
            let slot = state.free?;
            // SAFETY: the list's own link: a vacant carved slot, or null (I4).
            state.free = NonNull::new(slot.next().get()).map(|next| unsafe { SlotRef::new(next) });
            state.taken += 1;
            Some(slot)
        };
        // SAFETY: by the caller's promise.
        unsafe { self.with_state(pop) }
    }

    /// Carves a slot, if there is one left, and takes it.
    ///
    /// # Safety
    /// As for [`with_state`](Self::with_state).
    pub(super) unsafe fn carve(self) -> Option<SlotRef<H>> {
        let slots = slots_per_block::<H>(self.front().slot_bytes);
        let index = self.carved();
        let look = |state: &mut BlockState<H>| {
            let before = (index < state.carved_before).then_some(state.generation);
            (usize::from(index) < slots).then_some(before)
        };
        // SAFETY: by the caller's promise.
        let before = unsafe { self.with_state(look) }?;
        if before.is_none() {
            // SAFETY: memory of the block's that nobody has seen.
            unsafe { self.memory_of(index).write(H::vacant()) };
        }
        // SAFETY: it has a header now, or since an earlier life of the block (I1).
        let slot = unsafe { self.slot(index) };
        if let Some(generation) = before {
            // SAFETY: a vacant header, which we hand out.
            unsafe { H::restore(slot, generation) };
        }
        // Counted last: no slot counts as carved whose header panicked before it was there (I1).
        // SAFETY: by the caller's promise.
        unsafe { self.with_state(|state| state.taken += 1) };
        // Release: pairs with the Acquire in `carved`: who sees the count finds the header.
        let carved = usize::from(index) + 1;
        self.front().carved.store(carved, Ordering::Release);
        Some(slot)
    }

    /// Puts `slot` into the free list. `true`: the block may have to change lists.
    ///
    /// # Safety
    /// As for [`with_state`](Self::with_state); `slot` is a taken slot of this block, vacant now.
    #[inline]
    pub(super) unsafe fn give_back(self, slot: SlotRef<H>) -> bool {
        let push = |state: &mut BlockState<H>| {
            let before = state.free.replace(slot);
            let before = before.map_or(null_mut(), |slot| slot.as_non_null().as_ptr());
            slot.next().set(before);
            state.taken -= 1;
            !state.current
        };
        // SAFETY: by the caller's promise.
        unsafe { self.with_state(push) }
    }

    /// How many slots were carved: those below this index. Any context may ask, while the block stays with its slab.
    pub(super) fn carved(self) -> u16 {
        // Acquire: pairs with the Release in `carve`.
        self.front().carved.load(Ordering::Acquire) as u16
    }

    /// Lets the system have the memory back, contents and all; the address range stays the block's.
    /// `None`: the system does not take it, and the block is as it was.
    ///
    /// # Safety
    /// No slot is taken, and the caller has the block to itself.
    pub(super) unsafe fn release(self) -> Option<ReleasedBlock> {
        let (carved, mut generation) = (self.carved(), 0);
        for index in 0..carved {
            // SAFETY: carved.
            generation = unsafe { self.slot(index) }.generation().max(generation);
        }
        // SAFETY: by the caller's promise.
        let released = unsafe {
            self.with_state(|state| ReleasedBlock {
                carved: carved.max(state.carved_before),
                generation: generation.max(state.generation),
            })
        };
        // SAFETY: the block's memory is the caller's; zeros are vacant headers (I1), and the front
        // is made again before anybody looks at it.
        let gone = unsafe { crate::platform::release_pages(self.0.cast(), SLOT_CHUNK_BYTES) };
        gone.then_some(released)
    }

    /// The block's memory.
    pub(super) fn memory(self) -> NonNull<u8> {
        self.0.cast()
    }
}
