//! Static slots for tasks: as many as the type says, of the size it says.
//!
//! Idea        Slots are carved one by one as they are first needed, so an arena is zero at the
//!             start and takes no flash. A slot whose task has completed is found by a walk over the
//!             carved slots, which are few.
//! States      of a slot: never carved → vacant ⇄ task
//! Invariants  I1 `carved` grows only, under its lock, and slots below it are initialised for ever.
//!             I2 a slot's body is touched only as [`FixedHeader`] says.
//!             I3 an arena is used by `&'static` only, so its slots never move.
//! Rejected    A free list: it needs one word more in each slot and a lock when a task ends, to save a
//!             walk over a few words. One pool per future type: that takes a macro on each task
//!             function, and on stable Rust a guess at the future's size.
#![allow(unsafe_code)]

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

use super::services::Refusal;
use crate::maybe_const;
use crate::platform::Lock;
use crate::task::raw::{
    BODY_ALIGN, BODY_OFFSET, ErasedFuture, FixedHeader, FixedNotified, FixedSchedule,
};

/// One slot: header, then the future.
#[repr(C, align(8))]
struct Slot<const BYTES: usize> {
    header: FixedHeader,
    body: Body<BYTES>,
}

// Memory: a task's slot on a 32-bit chip, beside its future.
const _: () = assert!(size_of::<usize>() > 4 || size_of::<Slot<64>>() == 64 + 24);

#[repr(C, align(8))]
struct Body<const BYTES: usize>(UnsafeCell<MaybeUninit<[u8; BYTES]>>);

/// Room for up to `SLOTS` tasks, none of whose futures is larger than `BYTES`.
///
/// # Cost
/// On a 32-bit chip a slot takes 24 bytes more than `BYTES`.
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
    carved: Lock<usize>,
    slots: UnsafeCell<MaybeUninit<[Slot<BYTES>; SLOTS]>>,
}

// SAFETY: headers may be shared; bodies are touched by the task's poller alone (I2), and what comes
// into them is `Send` or stays in its context.
unsafe impl<const SLOTS: usize, const BYTES: usize> Sync for Arena<SLOTS, BYTES> {}
// SAFETY: an arena that can still move holds no task, since tasks want it `'static` (I3).
unsafe impl<const SLOTS: usize, const BYTES: usize> Send for Arena<SLOTS, BYTES> {}

/// A place for tasks, its size forgotten; what an executor keeps of its [`Arena`].
pub trait Storage: Sync {
    /// Puts the erased future into a vacant slot, as a task of `scheduler`.
    ///
    /// # Safety
    /// A future that is not `Send` is polled by `scheduler` in the context that made it.
    ///
    /// # Errors
    /// If no slot is vacant, or the future does not fit; it has not been moved then.
    unsafe fn place(
        &'static self,
        erased: ErasedFuture<'_>,
        scheduler: &'static dyn FixedSchedule,
    ) -> Result<FixedNotified, Refusal>;
}

impl<const SLOTS: usize, const BYTES: usize> Arena<SLOTS, BYTES> {
    maybe_const! {
        /// An arena without tasks.
        pub fn new() -> Self {
            Self {
                carved: Lock::new(0),
                slots: UnsafeCell::new(MaybeUninit::uninit()),
            }
        }
    }

    /// Tasks that are in the arena now.
    pub fn len(&'static self) -> usize {
        let carved = *self.carved.lock();
        (0..carved)
            // SAFETY: below `carved` (I1).
            .filter(|&index| !unsafe { self.header(index).as_ref() }.is_vacant())
            .count()
    }

    /// Whether the arena holds no task.
    pub fn is_empty(&'static self) -> bool {
        self.len() == 0
    }

    /// Tasks that the arena has room for.
    pub const fn capacity(&self) -> usize {
        SLOTS
    }

    fn header(&'static self, index: usize) -> NonNull<FixedHeader> {
        debug_assert!(index < SLOTS);
        let slots = self.slots.get().cast::<Slot<BYTES>>();
        // SAFETY: the index is below the number of slots, and the arena is static, not null.
        unsafe { NonNull::new_unchecked(slots.wrapping_add(index)) }.cast()
    }

    /// Carves the next slot; `None` if all are carved.
    fn carve(&'static self) -> Option<NonNull<FixedHeader>> {
        let mut carved = self.carved.lock();
        if *carved == SLOTS {
            return None;
        }
        let header = self.header(*carved);
        // SAFETY: the slot is inside the arena, and nobody has seen it (I1).
        unsafe { header.write(FixedHeader::vacant()) };
        *carved += 1;
        Some(header)
    }
}

impl<const SLOTS: usize, const BYTES: usize> Default for Arena<SLOTS, BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SLOTS: usize, const BYTES: usize> Storage for Arena<SLOTS, BYTES> {
    unsafe fn place(
        &'static self,
        mut erased: ErasedFuture<'_>,
        scheduler: &'static dyn FixedSchedule,
    ) -> Result<FixedNotified, Refusal> {
        const { assert!(core::mem::offset_of!(Slot<BYTES>, body) == BODY_OFFSET) };
        let layout = erased.layout();
        if layout.size() > BYTES || layout.align() > BODY_ALIGN {
            return Err(Refusal::TooLarge {
                bytes: layout.size(),
                slot_bytes: BYTES,
            });
        }
        let carved = *self.carved.lock();
        for index in 0..carved {
            // SAFETY: the slot is initialised (I1), stays (I3), and the future fits.
            match unsafe { FixedHeader::fill(self.header(index), erased, scheduler) } {
                Ok(notified) => return Ok(notified),
                Err(back) => erased = back,
            }
        }
        // Another context may take the slot that was carved here, but then carves none itself.
        while let Some(header) = self.carve() {
            // SAFETY: as above.
            match unsafe { FixedHeader::fill(header, erased, scheduler) } {
                Ok(notified) => return Ok(notified),
                Err(back) => erased = back,
            }
        }
        Err(Refusal::Full { slots: SLOTS })
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
