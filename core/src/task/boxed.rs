//! A type-erased future in a box.
#![allow(unsafe_code)]

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::erased_future::{ErasedFuture, FutureVtable};

/// A type-erased future in a box; made of an [`ErasedFuture`].
///
/// Invariants  I1 the future stands at `place` until this drops.
///             I2 `place` is memory of the future's layout, dangling if that has no size.
pub struct BoxedFuture {
    place: NonNull<()>,
    table: &'static FutureVtable,
}

// SAFETY: `new` demands a future that is `Send`.
unsafe impl Send for BoxedFuture {}

impl ErasedFuture<'_> {
    /// Moves the future into a box.
    ///
    /// # Safety
    /// The future is `Send`, or the box stays where the future was made.
    pub unsafe fn into_box(self) -> BoxedFuture {
        let layout = self.layout();
        let place = if layout.size() == 0 {
            core::ptr::without_provenance_mut::<u8>(layout.align())
        } else {
            // SAFETY: the size is not zero.
            unsafe { alloc(layout) }
        };
        let Some(place) = NonNull::new(place.cast::<()>()) else {
            handle_alloc_error(layout);
        };
        // SAFETY: the memory just taken is of the future's layout (I2).
        let table = unsafe { self.move_to(place.as_ptr()) };
        BoxedFuture { place, table }
    }
}

impl Future for BoxedFuture {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: the future stands there (I1), is ours alone, and never moves.
        unsafe { self.table.poll(self.place.as_ptr(), cx) }
    }
}

/// Frees the memory, also when the future's drop panics.
struct Free<'a>(&'a BoxedFuture);

impl Drop for Free<'_> {
    fn drop(&mut self) {
        let layout = self.0.table.layout();
        if layout.size() != 0 {
            // SAFETY: allocated with this layout (I2), and not used any more.
            unsafe { dealloc(self.0.place.as_ptr().cast(), layout) };
        }
    }
}

impl Drop for BoxedFuture {
    fn drop(&mut self) {
        let _free = Free(self);
        // SAFETY: the future stands there (I1) and is dropped once.
        unsafe { self.table.drop_in_place(self.place.as_ptr()) };
    }
}

impl fmt::Debug for BoxedFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxedFuture").finish_non_exhaustive()
    }
}
