//! Static slots for tasks: as many as the type says, of the size it says.
//!
//! Idea        An arena is zero at the start, so it takes no flash. A vacant slot is found by a walk over the slots, which are
//!             few.
//! States      of a slot: vacant ⇄ task
//! Invariants  I1 a slot is touched only as [`FixedHeader`] says.
//!             I2 an arena is used by `&'static` only, so its slots never move.
//! Rejected    A free list: it needs one word more in each slot and a lock when a task ends, to save a
//!             walk over a few words. One pool per future type: that takes a macro on each task
//!             function, and on stable Rust a guess at the future's size.
#![allow(unsafe_code)]

use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::services::Refusal;
use super::slot::{BODY_ALIGN, BODY_OFFSET, FixedHeader};
use crate::collections::SlotRef;
use crate::platform::Count;
use crate::{array_of, maybe_const};

/// The most slots, and bytes of one.
#[allow(clippy::unnecessary_cast)]
const MOST: usize = Count::MAX as usize;

/// One slot: header, then the future.
#[repr(C, align(8))]
struct Slot<const BYTES: usize> {
    header: FixedHeader,
    body: Body<BYTES>,
}

// Memory: a task's slot on a 32-bit chip, beside its future.
const _: () = assert!(size_of::<usize>() > 4 || size_of::<Slot<64>>() == 64 + 16);

#[repr(C, align(8))]
struct Body<const BYTES: usize>(UnsafeCell<MaybeUninit<[u8; BYTES]>>);

impl<const BYTES: usize> Slot<BYTES> {
    maybe_const! {
        fn new() -> Self {
            Self {
                header: FixedHeader::vacant(),
                body: Body(UnsafeCell::new(MaybeUninit::zeroed())),
            }
        }
    }
}

/// Room for up to `SLOTS` tasks, none of whose futures is larger than `BYTES`.
///
/// # Cost
/// On a 32-bit chip a slot takes 16 bytes more than `BYTES`, which count as rounded up to a multiple of eight.
///
/// # Examples
/// ```
/// # #[cfg(feature = "std")] {
/// use selkie_core::executor::{Arena, Executor, Refusal, ThreadUnpark};
///
/// static ARENA: Arena<1, 64> = Arena::new();
/// static UNPARK: ThreadUnpark = ThreadUnpark::new();
/// static EXECUTOR: Executor = Executor::new(&UNPARK, &ARENA);
///
/// EXECUTOR.spawn(core::future::pending()).unwrap();
/// let full = EXECUTOR.spawn(core::future::pending()).unwrap_err();
/// assert_eq!(full.refusal, Refusal::Full { slots: 1 });
/// let _the_future_again = full.future;
/// # }
/// ```
pub struct Arena<const SLOTS: usize, const BYTES: usize> {
    slots: [Slot<BYTES>; SLOTS],
}

// SAFETY: headers may be shared; bodies are touched by the task's poller alone (I1), and what comes
// into them is `Send` or stays in its context.
unsafe impl<const SLOTS: usize, const BYTES: usize> Sync for Arena<SLOTS, BYTES> {}
// SAFETY: an arena that can still move holds no task, since tasks want it `'static` (I2).
unsafe impl<const SLOTS: usize, const BYTES: usize> Send for Arena<SLOTS, BYTES> {}

/// The slots of an [`Arena`], its size forgotten; what an executor keeps of it.
#[derive(Clone, Copy)]
pub(super) struct Slots {
    first: SlotRef<FixedHeader>,
    count: Count,
    /// Bytes of a slot's body, of which none are left over at its end.
    bytes: Count,
}

impl<const SLOTS: usize, const BYTES: usize> Arena<SLOTS, BYTES> {
    maybe_const! {
        /// An arena without tasks.
        pub fn new() -> Self {
            Self { slots: array_of!(Slot::new(); SLOTS) }
        }
    }

    /// The slots.
    // A `Count` is a `usize` on some platforms.
    #[allow(clippy::absurd_extreme_comparisons)]
    pub(super) const fn slots(&'static self) -> Slots {
        const { assert!(core::mem::offset_of!(Slot<BYTES>, body) == BODY_OFFSET) };
        let bytes = const { size_of::<Body<BYTES>>() };
        const { assert!(size_of::<Slot<BYTES>>() == BODY_OFFSET + size_of::<Body<BYTES>>()) };
        const { assert!(SLOTS <= MOST) };
        const { assert!(size_of::<Body<BYTES>>() <= MOST) };
        // SAFETY: a reference is not null.
        let first = unsafe { NonNull::new_unchecked(core::ptr::from_ref(&self.slots).cast_mut()) };
        #[allow(clippy::cast_possible_truncation, clippy::unnecessary_cast)]
        Slots {
            // SAFETY: the front of the first slot, which is static (I2).
            first: unsafe { SlotRef::new(first.cast()) },
            // Looked at above.
            count: SLOTS as Count,
            bytes: bytes as Count,
        }
    }

    /// Tasks that are in the arena now.
    pub fn len(&'static self) -> usize {
        let has_task = |slot: &&Slot<BYTES>| !slot.header.is_vacant();
        self.slots.iter().filter(has_task).count()
    }

    /// Whether the arena holds no task.
    pub fn is_empty(&'static self) -> bool {
        self.len() == 0
    }

    /// Tasks that the arena has room for.
    pub const fn capacity(&self) -> usize {
        SLOTS
    }
}

impl<const SLOTS: usize, const BYTES: usize> Default for Arena<SLOTS, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl Slots {
    /// Claims a vacant slot with room for a future of that layout.
    ///
    /// # Errors
    /// If no slot is vacant, or the future does not fit.
    // A `Count` is a `usize` on some platforms.
    #[allow(clippy::useless_conversion)]
    pub(super) fn claim(&self, layout: Layout) -> Result<SlotRef<FixedHeader>, Refusal> {
        let slot_bytes = usize::from(self.bytes);
        if layout.size() > slot_bytes || layout.align() > BODY_ALIGN {
            return Err(Refusal::TooLarge {
                bytes: layout.size(),
                slot_bytes,
            });
        }
        let stride = BODY_OFFSET + slot_bytes;
        let mut slot = self.first.as_non_null();
        for _ in 0..self.count {
            // SAFETY: one of the slots, which are static (I2).
            let header = unsafe { SlotRef::new(slot) };
            if header.claim() {
                return Ok(header);
            }
            // SAFETY: in the arena, or at its end.
            slot = unsafe { slot.byte_add(stride) };
        }
        Err(Refusal::Full {
            slots: usize::from(self.count),
        })
    }
}

impl<const SLOTS: usize, const BYTES: usize> fmt::Debug for Arena<SLOTS, BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena")
            .field("slots", &SLOTS)
            .field("bytes", &BYTES)
            .finish_non_exhaustive()
    }
}
