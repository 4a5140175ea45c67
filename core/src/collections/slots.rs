//! Memory for tasks that never becomes anything else: type-stable slots in size classes.
//!
//! Idea        A [`Home`] hands out slots of 32-byte size classes from blocks of memory it never
//!             gives back. Every slot starts with an `H`, made once when the block is carved and
//!             never unmade, so a stale pointer to a slot always finds an `H` there and can be a
//!             plain word. Homes are kept in a [`Shelter`] and leased, with their memory, to one
//!             owner after the other.
//! States      carved → vacant ⇄ taken
//! Invariants  I1 the `H` of a carved slot stays initialised and in place for ever.
//!             I2 `local` is touched only by the lease's holder; outsiders give back by `remote`.
//!             I3 a block lies at a multiple of its size, so a slot finds its block by masking.
//!             I4 a vacant slot is in one free list exactly; a taken slot in none.
//!             I5 without threads the holder's context may be interrupted at any step, and the handler
//!             may take and give back: `local` is touched in critical sections only, and all slots
//!             are given back by `remote`, since a handler has its `CURRENT_HOME` from the context
//!             that it interrupted.
//! Rejected    malloc with a reference count: two atomic operations for every waker, and under
//!             glibc an aligned allocation of a cell costs more than the rest of a spawn.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::marker::PhantomData;
use core::ptr::NonNull;

use super::chain::Chained;
use super::extent::Extent;
use crate::context_cell;
use crate::maybe_const;
use crate::platform::{
    AtomicPtr, HAS_THREADS, Lock, Ordering, SLOT_CHUNK_BYTES, UnsafeCell, without_interrupts,
};

/// Sizes of slots are multiples of this, and every slot is aligned to it.
pub const SLOT_ALIGN: usize = 32;

/// How many size classes there are.
const CLASSES: usize = if SLOT_CHUNK_BYTES >= 32 * 1024 {
    64
} else {
    16
};

/// Bytes of the largest slot.
pub const LARGEST_SLOT: usize = CLASSES * SLOT_ALIGN;

context_cell! {
    /// Address of the home whose lease the running context holds, or 0.
    static CURRENT_HOME: usize = 0;
}

/// What every slot starts with.
///
/// # Safety
/// An `H` may be shared between threads in every state, vacant included.
pub unsafe trait SlotHeader: Chained + Sync + 'static {
    /// The header of a slot that was never taken.
    fn vacant() -> Self;
}

/// The front of a block of slots; the slots follow.
#[repr(C, align(32))]
struct Block<H: SlotHeader> {
    home: NonNull<Home<H>>,
    slot_bytes: usize,
}

/// What only the holder of the lease touches (I2).
struct Local<H: SlotHeader> {
    classes: [Class<H>; CLASSES],
    /// Blocks of the last extent that no class has.
    spare: Extent,
}

struct Class<H: SlotHeader> {
    free: *mut H,
    blocks: Vec<NonNull<Block<H>>>,
    /// Slots carved from the last block.
    carved: usize,
}

/// A source of slots; leased by one owner at a time and never freed.
pub struct Home<H: SlotHeader> {
    /// Who leases the home: an address that slots' users interpret.
    owner: AtomicPtr<()>,
    local: UnsafeCell<Local<H>>,
    remote: [AtomicPtr<H>; CLASSES],
}

// SAFETY: `local` is touched by the lease's holder only (I2), the rest is atomic.
unsafe impl<H: SlotHeader> Sync for Home<H> {}
// SAFETY: as above; nothing in a home belongs to a thread.
unsafe impl<H: SlotHeader> Send for Home<H> {}

impl<H: SlotHeader> core::fmt::Debug for Home<H> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Home")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl<H: SlotHeader> Home<H> {
    fn new() -> Self {
        Self {
            owner: AtomicPtr::new(core::ptr::null_mut()),
            local: UnsafeCell::new(Local {
                classes: [const {
                    Class {
                        free: core::ptr::null_mut(),
                        blocks: Vec::new(),
                        carved: 0,
                    }
                }; CLASSES],
                spare: Extent::new(),
            }),
            remote: core::array::from_fn(|_| AtomicPtr::new(core::ptr::null_mut())),
        }
    }

    /// The home that `slot` came from.
    ///
    /// # Safety
    /// `slot` came from a [`Lease`].
    #[inline]
    pub unsafe fn of<'a>(slot: NonNull<H>) -> &'a Self {
        let block = slot
            .as_ptr()
            .map_addr(|address| address & !(SLOT_CHUNK_BYTES - 1));
        // SAFETY: a slot's block lies at the multiple below it and stays for ever (I1, I3).
        let home = unsafe { (*block.cast::<Block<H>>()).home };
        // SAFETY: homes are never freed.
        unsafe { home.as_ref() }
    }

    /// Who leases this home.
    #[inline]
    pub fn owner(&self) -> *mut () {
        // Relaxed: set before any slot of the lease is handed out, and whoever asks holds a slot.
        self.owner.load(Ordering::Relaxed)
    }

    /// Gives `slot` back to its home: without an atomic operation in the context that holds the
    /// home's lease, by one compare-and-swap elsewhere and without threads (I5).
    ///
    /// # Safety
    /// `slot` came from a lease, is taken, and is not used after this call.
    #[inline]
    pub unsafe fn give_back(slot: NonNull<H>) {
        // SAFETY: by the caller's promise.
        let home = unsafe { Self::of(slot) };
        // SAFETY: as above; the class follows from the slot's block.
        let class = unsafe { Self::class_of(slot) };
        if HAS_THREADS && CURRENT_HOME.get() == core::ptr::from_ref(home).addr() {
            home.local.with_mut(|local| {
                // SAFETY: this context holds the lease (I2).
                let class = unsafe { &mut (*local).classes[class] };
                // SAFETY: the header stays initialised (I1).
                unsafe { slot.as_ref() }
                    .next()
                    .store(class.free, Ordering::Relaxed);
                class.free = slot.as_ptr();
            });
        } else {
            home.give_back_remote(class, slot);
        }
    }

    fn give_back_remote(&self, class: usize, slot: NonNull<H>) {
        let stack = &self.remote[class];
        let mut top = stack.load(Ordering::Relaxed);
        loop {
            // SAFETY: the header stays initialised (I1).
            unsafe { slot.as_ref() }
                .next()
                .store(top, Ordering::Relaxed);
            // Release: pairs with the Acquire swap in `Lease::take` (I4: the link is seen).
            match stack.compare_exchange_weak(
                top,
                slot.as_ptr(),
                Ordering::Release,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }

    /// # Safety
    /// `slot` came from a lease.
    #[inline]
    unsafe fn class_of(slot: NonNull<H>) -> usize {
        let block = slot
            .as_ptr()
            .map_addr(|address| address & !(SLOT_CHUNK_BYTES - 1));
        // SAFETY: a slot's block lies at the multiple below it and stays for ever (I1, I3).
        let slot_bytes = unsafe { (*block.cast::<Block<H>>()).slot_bytes };
        slot_bytes / SLOT_ALIGN - 1
    }
}

impl<H: SlotHeader> Local<H> {
    /// A slot from the class's last block, or from a new one.
    fn carve(&mut self, class: usize, home: NonNull<Home<H>>) -> NonNull<H> {
        let slot_bytes = (class + 1) * SLOT_ALIGN;
        let class = &mut self.classes[class];
        let per_block = slots_per_block::<H>(slot_bytes);
        if class.blocks.is_empty() || class.carved == per_block {
            class
                .blocks
                .push(new_block(&mut self.spare, home, slot_bytes));
            class.carved = 0;
        }
        let block = class.blocks[class.blocks.len() - 1];
        // SAFETY: `carved` is below the number of slots that fit.
        let slot = unsafe { slot_at(block, slot_bytes, class.carved) };
        // SAFETY: the slot's memory belongs to the block and nobody has seen it.
        unsafe { slot.write(H::vacant()) };
        class.carved += 1;
        slot
    }
}

fn slots_per_block<H: SlotHeader>(slot_bytes: usize) -> usize {
    (SLOT_CHUNK_BYTES - size_of::<Block<H>>()) / slot_bytes
}

/// # Safety
/// `index` is below [`slots_per_block`].
unsafe fn slot_at<H: SlotHeader>(
    block: NonNull<Block<H>>,
    slot_bytes: usize,
    index: usize,
) -> NonNull<H> {
    // SAFETY: the offset stays inside the block by the caller's promise.
    unsafe { block.byte_add(size_of::<Block<H>>() + index * slot_bytes) }.cast()
}

fn new_block<H: SlotHeader>(
    spare: &mut Extent,
    home: NonNull<Home<H>>,
    slot_bytes: usize,
) -> NonNull<Block<H>> {
    let block = spare.take().cast::<Block<H>>();
    // SAFETY: fresh memory of a block's size and alignment.
    unsafe { block.write(Block { home, slot_bytes }) };
    block
}

/// The homes that nobody leases.
#[derive(Debug)]
pub struct Shelter<H: SlotHeader> {
    vacant: Lock<Vec<&'static Home<H>>>,
}

impl<H: SlotHeader> Shelter<H> {
    maybe_const! {
        /// A shelter without homes.
        pub fn new() -> Self {
            Self { vacant: Lock::new(Vec::new()) }
        }
    }

    /// Leases a home, with the memory of its earlier lives, to `owner`.
    pub fn lease(&'static self, owner: *mut ()) -> Lease<H> {
        let vacant = self.vacant.lock().pop();
        let home = vacant.unwrap_or_else(|| Box::leak(Box::new(Home::new())));
        // Relaxed: handed to others only with slots, see `Home::owner`.
        home.owner.store(owner, Ordering::Relaxed);
        Lease {
            home,
            shelter: self,
            _local: PhantomData,
        }
    }
}

impl<H: SlotHeader> Default for Shelter<H> {
    fn default() -> Self {
        Self::new()
    }
}

/// The right to take slots from one home; may move between threads, but not be shared.
#[derive(Debug)]
pub struct Lease<H: SlotHeader> {
    home: &'static Home<H>,
    shelter: &'static Shelter<H>,
    /// Not `Sync`: `take` works on the home's local lists.
    _local: PhantomData<core::cell::Cell<()>>,
}

impl<H: SlotHeader> Lease<H> {
    /// Takes a slot of at least `bytes`.
    ///
    /// # Panics
    /// If `bytes` is more than [`LARGEST_SLOT`].
    #[inline]
    pub fn take(&self, bytes: usize) -> NonNull<H> {
        assert!(
            bytes <= LARGEST_SLOT,
            "slot too large: {bytes} of {LARGEST_SLOT} bytes"
        );
        let class = bytes.div_ceil(SLOT_ALIGN).max(1) - 1;
        without_interrupts(|| self.take_of(class))
    }

    #[inline(always)]
    fn take_of(&self, class: usize) -> NonNull<H> {
        self.home.local.with_mut(|local| {
            // SAFETY: the lease is the one way to `local` (I2), and is not shared, but with
            // interrupt handlers, which are kept off (I5).
            let local = unsafe { &mut *local };
            let free = &mut local.classes[class].free;
            if free.is_null() && !self.home.remote[class].load(Ordering::Relaxed).is_null() {
                // Acquire: pairs with the Release in `give_back_remote` (I4).
                *free = self.home.remote[class].swap(core::ptr::null_mut(), Ordering::Acquire);
            }
            let Some(slot) = NonNull::new(*free) else {
                return local.carve(class, NonNull::from(self.home));
            };
            // SAFETY: the header stays initialised (I1).
            *free = unsafe { slot.as_ref() }.next().load(Ordering::Relaxed);
            slot
        })
    }

    /// Calls `visit` with every slot that was ever carved, taken or vacant.
    pub fn walk(&self, mut visit: impl FnMut(NonNull<H>)) {
        for class in 0..CLASSES {
            let slot_bytes = (class + 1) * SLOT_ALIGN;
            let mut block_index = 0;
            // The lists are looked up anew at each step: `visit` may give slots back.
            while let Some((block, carved)) = self.block(class, block_index) {
                for index in 0..carved {
                    // SAFETY: `index` is below the number of carved slots.
                    visit(unsafe { slot_at(block, slot_bytes, index) });
                }
                block_index += 1;
            }
        }
    }

    fn block(&self, class: usize, index: usize) -> Option<(NonNull<Block<H>>, usize)> {
        without_interrupts(|| self.block_of(class, index))
    }

    fn block_of(&self, class: usize, index: usize) -> Option<(NonNull<Block<H>>, usize)> {
        self.home.local.with(|local| {
            // SAFETY: as in `take_of`.
            let class = unsafe { &(*local).classes[class] };
            let block = *class.blocks.get(index)?;
            let last = index + 1 == class.blocks.len();
            // SAFETY: blocks stay for ever (I1).
            let slot_bytes = unsafe { block.as_ref() }.slot_bytes;
            Some((
                block,
                if last {
                    class.carved
                } else {
                    slots_per_block::<H>(slot_bytes)
                },
            ))
        })
    }

    /// Marks the running context as the holder of this lease until the guard drops, so that slots
    /// given back here need no atomic operation.
    ///
    /// # Safety
    /// The guard drops in this context, and before the lease moves to another or drops (I2).
    #[inline]
    pub unsafe fn enter(&self) -> Entered {
        Entered {
            before: CURRENT_HOME.replace(core::ptr::from_ref(self.home).addr()),
        }
    }
}

impl<H: SlotHeader> Drop for Lease<H> {
    #[inline]
    fn drop(&mut self) {
        self.shelter.vacant.lock().push(self.home);
    }
}

/// Undoes [`Lease::enter`] when dropped.
#[derive(Debug)]
#[must_use = "the mark is taken back when this drops"]
pub struct Entered {
    before: usize,
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        CURRENT_HOME.set(self.before);
    }
}
