//! A reference to a slot, whose header can be read at any time.
//!
//! Idea        What a slot holds comes and goes, but the header at its front stays (I1 of `block`). So whoever has, or
//!             once had, the slot may read the header, and the state in the header says what else may be done with the slot.
//! Invariants  I1 a `SlotRef` points to an `H` that stays initialised and in place for ever, and that is only ever shared.
//!             I2 the pointer is good for the whole slot, not for the header alone.
//! Rejected    `&'static H`: such a reference is good for the header only (I2), and what follows it would be out of bounds.
#![allow(unsafe_code)]

use core::cmp::Ordering;
use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

/// A slot, by its address; it derefs to the slot's header.
///
/// Only slots themselves make one, so that a header is always there:
///
/// ```compile_fail,E0423
/// use selkie_core::raw::collections::SlotRef;
///
/// let dangling = SlotRef(core::ptr::NonNull::<u32>::dangling());
/// ```
///
/// # Cost
/// One word, copied.
pub struct SlotRef<H>(NonNull<H>);

// SAFETY: all that it gives out is `&H`, which is good in every context (I1).
unsafe impl<H: Sync> Send for SlotRef<H> {}
// SAFETY: as above.
unsafe impl<H: Sync> Sync for SlotRef<H> {}

impl<H> SlotRef<H> {
    /// The slot at `header`.
    ///
    /// # Safety
    /// I1 and I2.
    #[inline(always)]
    pub(crate) const unsafe fn new(header: NonNull<H>) -> Self {
        Self(header)
    }

    /// The start of the slot, for what stands there; also a queue's word for it.
    #[inline(always)]
    pub const fn as_non_null(self) -> NonNull<H> {
        self.0
    }

    /// The start of the slot as that of a `T`.
    #[inline(always)]
    pub const fn cast<T>(self) -> NonNull<T> {
        self.0.cast()
    }

    /// The slot's address.
    #[inline]
    pub fn address(self) -> usize {
        self.0.addr().get()
    }
}

impl<H> Deref for SlotRef<H> {
    type Target = H;

    #[inline(always)]
    fn deref(&self) -> &H {
        // SAFETY: it stays in place for ever, and nobody has it to himself (I1).
        unsafe { self.0.as_ref() }
    }
}

impl<H> Clone for SlotRef<H> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for SlotRef<H> {}

impl<H> PartialEq for SlotRef<H> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<H> Eq for SlotRef<H> {}

impl<H> PartialOrd for SlotRef<H> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<H> Ord for SlotRef<H> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<H> fmt::Debug for SlotRef<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
