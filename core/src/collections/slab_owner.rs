//! The owner of a slab, and the pool of slabs that have no owner.
//!
//! Invariants  I1 a slab is in the pool, or has one owner, or is lost: an owner that cannot give it
//!                back, because a slot holds a live task, leaks it.
//! Rejected    Slabs that are freed: a stale pointer to a slot would dangle.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::Cell;
use core::mem::ManuallyDrop;

use super::block::{CLASSES, LARGEST_SLOT, SLOT_ALIGN};
use super::block_pool::BlockPool;
use super::slab::{Entered, Slab, SlabHeader};
use super::slot::SlotRef;
use crate::maybe_const;
use crate::platform::{CACHE_LINE_BYTES, HAS_THREADS, KEPT_BLOCKS, Lock};

/// The slabs that nobody owns, and the blocks that no slab has.
#[derive(Debug)]
pub struct SlabPool<H: SlabHeader> {
    vacant: Lock<Vec<&'static Slab<H>>>,
    /// Every slab that was made.
    slabs: Lock<Vec<&'static Slab<H>>>,
    blocks: BlockPool<H>,
}

impl<H: SlabHeader> SlabPool<H> {
    maybe_const! {
        /// A pool without slabs.
        pub fn new() -> Self {
            Self {
                vacant: Lock::new(Vec::new()),
                slabs: Lock::new(Vec::new()),
                blocks: BlockPool::new(),
            }
        }
    }

    /// As [`Slab::walk_from_outside`], for all slabs whoever owns them.
    pub fn walk_from_outside(&self, mut visit: impl FnMut(SlotRef<H>)) {
        let slabs = self.slabs.lock().clone();
        for slab in slabs {
            slab.walk_from_outside(None, &mut visit);
        }
    }

    fn make_slab(&self) -> &'static Slab<H> {
        let slab: &'static Slab<H> = Box::leak(Box::new(Slab::new()));
        if HAS_THREADS {
            self.slabs.lock().push(slab);
        }
        slab
    }

    /// Takes a slab out of the pool, or makes one; its slots belong to `owner`, for which there are `functions`, and lie as
    /// `layout` says.
    pub fn own(
        &'static self,
        owner: *mut (),
        functions: *const (),
        layout: SlotLayout,
    ) -> SlabOwner<H> {
        let vacant = self.vacant.lock().pop();
        let slab = vacant.unwrap_or_else(|| self.make_slab());
        slab.set_owner(owner, functions);
        SlabOwner {
            slab,
            pool: self,
            rounding: layout.rounding(),
            walking: Cell::new(false),
        }
    }
}

impl<H: SlabHeader> Default for SlabPool<H> {
    fn default() -> Self {
        Self::new()
    }
}

/// How the slots of a slab lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SlotLayout {
    /// Side by side: for slots that one thread at a time works with.
    Dense,
    /// No two on one cache line: for slots that several threads work with at once, each with its own.
    Apart,
}

impl SlotLayout {
    /// What is set in a class to make its size a multiple of a cache line; the classes' sizes are multiples of
    /// [`SLOT_ALIGN`], and both are powers of two.
    const fn rounding(self) -> usize {
        match self {
            Self::Dense => 0,
            Self::Apart => (CACHE_LINE_BYTES / SLOT_ALIGN).saturating_sub(1),
        }
    }
}

const _: () = assert!(CLASSES % (SlotLayout::Apart.rounding() + 1) == 0);

/// A size of slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotClass(u8);

impl SlotClass {
    /// The smallest slots of at least `bytes`, or the largest there are.
    #[inline]
    pub(crate) const fn of(bytes: usize) -> Self {
        #[allow(
            clippy::cast_possible_truncation,
            reason = "there are not so many classes"
        )]
        Self(if bytes < LARGEST_SLOT {
            bytes.saturating_sub(1) / SLOT_ALIGN
        } else {
            CLASSES - 1
        } as u8)
    }
}

const _: () = assert!(CLASSES <= u8::MAX as usize);

/// The right to take slots from one slab; may move between threads, but not be shared.
///
/// Dropping it gives the slab back to its pool, with the memory of all blocks that have no taken
/// slot. The slots that are still taken must not hold anything that belongs to the owner.
#[derive(Debug)]
pub struct SlabOwner<H: SlabHeader> {
    slab: &'static Slab<H>,
    pool: &'static SlabPool<H>,
    /// The bits that are set in the class of every slot taken: see [`SlotLayout`].
    rounding: usize,
    /// Set while slots are visited: their blocks stay. Its type also keeps the owner from being `Sync`, since `take` works
    /// on the slab's own lists.
    walking: Cell<bool>,
}

impl<H: SlabHeader> SlabOwner<H> {
    /// Takes a slot of at least `bytes`.
    ///
    /// # Panics
    /// If `bytes` is more than [`LARGEST_SLOT`].
    #[inline]
    pub fn take(&self, bytes: usize) -> SlotRef<H> {
        assert!(
            bytes <= LARGEST_SLOT,
            "slot too large: {bytes} of {LARGEST_SLOT} bytes"
        );
        self.take_of(SlotClass::of(bytes))
    }

    /// Takes a slot of `class`.
    #[inline]
    pub(crate) fn take_of(&self, class: SlotClass) -> SlotRef<H> {
        let class = usize::from(class.0) | self.rounding;
        // SAFETY: the owner, which is not shared.
        match unsafe { self.slab.take(class) } {
            Some(slot) => slot,
            // SAFETY: as above.
            None => unsafe { H::take_slowly(self.slab, class, &self.pool.blocks) },
        }
    }

    /// Calls `visit` with every slot that holds something, and with vacant ones beside them; also, or not, with those
    /// that `visit` takes.
    ///
    /// # Cost
    /// Depends on the blocks that have taken slots, not on how many there once were.
    pub fn walk(&self, mut visit: impl FnMut(SlotRef<H>)) {
        self.walk_by(&mut visit);
    }

    fn walk_by(&self, visit: &mut dyn FnMut(SlotRef<H>)) {
        let _walking = WalkGuard {
            before: self.walking.replace(true),
            walking: &self.walking,
        };
        // SAFETY: the owner, which is not shared; blocks stay meanwhile.
        unsafe { self.slab.walk(visit) }
    }

    /// The slab, for other contexts than the owner's.
    pub fn slab(&self) -> &'static Slab<H> {
        self.slab
    }

    /// Whether [`trim`](Self::trim) may find memory to give back.
    pub fn has_surplus(&self) -> bool {
        // SAFETY: the owner, which is not shared.
        unsafe { self.slab.has_surplus(KEPT_BLOCKS) }
    }

    /// Gives the memory of at most `limit` blocks without a taken slot back, but for a few that stay.
    /// `true`: there is more. Gives nothing back while slots are visited.
    ///
    /// # Cost
    /// A system call for each block of 32 KiB, beyond the first 64 in the process.
    pub fn trim(&self, limit: usize) -> bool {
        if self.walking.get() {
            return self.has_surplus();
        }
        // SAFETY: the owner, which is not shared.
        unsafe { self.slab.trim(KEPT_BLOCKS, limit, &self.pool.blocks) || self.has_surplus() }
    }

    /// Marks the running context as the owner until the guard drops, so that slots given back here
    /// need no atomic operation.
    ///
    /// # Safety
    /// The guard drops in this context, and before the owner moves to another. The owner may drop
    /// before it, in this context. Several guards of one owner drop in the reverse order of their making.
    #[inline]
    pub unsafe fn enter(&self) -> Entered {
        Entered::new(self.slab)
    }

    /// Loses the slab: it is never owned again, and its slots stay as they are.
    pub fn lose(self) {
        let _lost = ManuallyDrop::new(self);
    }
}

/// Ends a walk also on unwinding.
struct WalkGuard<'a> {
    walking: &'a Cell<bool>,
    before: bool,
}

impl Drop for WalkGuard<'_> {
    fn drop(&mut self) {
        self.walking.set(self.before);
    }
}

impl<H: SlabHeader> Drop for SlabOwner<H> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the owner, which is not shared.
        unsafe { self.slab.empty(&self.pool.blocks) };
        self.pool.vacant.lock().push(self.slab);
    }
}
