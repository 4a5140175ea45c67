//! A type-erased future: a pointer to it and a table of functions, which it has until it is moved into a slot.
//!
//! Idea        The caller of spawn lends a pointer to the future and a table of its functions. An executor that has room copies
//!             the bytes and keeps the table. So one function without type parameters spawns every future, on a chip and on a
//!             hosted runtime. A flag tells the lender whether the future still belongs to it.
//! States      lent → moved out, or back with the lender
//! Invariants  I1 `moved` is set exactly when the bytes were copied: from then on the lender's copy is not dropped.
//! Rejected    `Box<dyn Future>`: it needs a heap. A result that says whether the future was taken: if it were wrong, the
//!             future would be dropped twice.
#![allow(unsafe_code)]

use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll};

/// What can be done with a future whose type is forgotten.
#[derive(Debug)]
pub struct FutureVtable {
    layout: Layout,
    poll: unsafe fn(*mut (), &mut Context<'_>) -> Poll<()>,
    drop: unsafe fn(*mut ()),
}

impl FutureVtable {
    /// The table of `F`.
    pub const fn of<F: Future<Output = ()>>() -> &'static Self {
        const {
            &Self {
                layout: Layout::new::<F>(),
                poll: poll::<F>,
                drop: drop_in_place::<F>,
            }
        }
    }

    /// Size and alignment of the future.
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// Polls the future at `place`.
    ///
    /// # Safety
    /// The future of this table stands at `place`, is the caller's alone, and is pinned there.
    #[inline]
    pub unsafe fn poll(&self, place: *mut (), cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: by the caller's promise.
        unsafe { (self.poll)(place, cx) }
    }

    /// Drops the future at `place`.
    ///
    /// # Safety
    /// As for [`poll`](Self::poll); the future is not used any more.
    #[inline]
    pub unsafe fn drop_in_place(&self, place: *mut ()) {
        // SAFETY: by the caller's promise.
        unsafe { (self.drop)(place) };
    }
}

unsafe fn poll<F: Future<Output = ()>>(place: *mut (), cx: &mut Context<'_>) -> Poll<()> {
    // SAFETY: the caller of the table vouches for the future at `place`.
    let future = unsafe { &mut *place.cast::<F>() };
    // SAFETY: as above, it is pinned.
    unsafe { Pin::new_unchecked(future) }.poll(cx)
}

unsafe fn drop_in_place<F>(place: *mut ()) {
    // SAFETY: the caller of the table vouches for the future at `place`.
    unsafe { place.cast::<F>().drop_in_place() };
}

/// A future that is lent to whoever may have room for it; made by [`lend`](Self::lend).
pub struct ErasedFuture<'a> {
    future: *mut (),
    vtable: &'static FutureVtable,
    moved: &'a Cell<bool>,
}

/// Drops the future if what it was lent to unwinds, unless it was moved out before (I1).
struct UnwindGuard<'a, F> {
    future: &'a mut ManuallyDrop<F>,
    moved: &'a Cell<bool>,
}

impl<F> Drop for UnwindGuard<'_, F> {
    fn drop(&mut self) {
        if !self.moved.get() {
            // SAFETY: it is still there, and not used again.
            unsafe { ManuallyDrop::drop(self.future) };
        }
    }
}

impl ErasedFuture<'_> {
    /// Lends `future` to `take`, which may move it out. A future that `take` accepts and leaves where it is, is forgotten.
    ///
    /// # Errors
    /// What `take` says, with the future.
    ///
    /// # Examples
    /// ```
    /// use selkie_core::raw::task::ErasedFuture;
    ///
    /// let refused = ErasedFuture::lend(async {}, |erased| Err(erased.layout().size()));
    /// let (bytes, _the_future_again) = refused.unwrap_err();
    /// assert_eq!(bytes, 1);
    /// ```
    #[inline]
    pub fn lend<F: Future<Output = ()> + 'static, E>(
        future: F,
        take: impl FnOnce(ErasedFuture<'_>) -> Result<(), E>,
    ) -> Result<(), (E, F)> {
        let mut future = ManuallyDrop::new(future);
        let moved = Cell::new(false);
        let guard = UnwindGuard {
            future: &mut future,
            moved: &moved,
        };
        let result = take(ErasedFuture {
            future: core::ptr::from_mut(&mut *guard.future).cast(),
            vtable: FutureVtable::of::<F>(),
            moved: &moved,
        });
        core::mem::forget(guard);
        match result {
            Err(error) if !moved.get() => Err((error, ManuallyDrop::into_inner(future))),
            _ => Ok(()),
        }
    }

    /// Size and alignment of the future.
    pub const fn layout(&self) -> Layout {
        self.vtable.layout
    }

    /// Moves the future to `place` and returns its table.
    ///
    /// # Safety
    /// `place` has room for the future's [`layout`](Self::layout). Whoever polls it there sees to it that a future that is
    /// not `Send` stays in the context that lent it.
    pub unsafe fn move_to(self, place: *mut ()) -> &'static FutureVtable {
        let bytes = self.vtable.layout.size();
        // SAFETY: the lender's future is `bytes` long, and `place` has room and is another one's.
        unsafe {
            self.future
                .cast::<u8>()
                .copy_to_nonoverlapping(place.cast(), bytes);
        }
        self.moved.set(true);
        self.vtable
    }
}

impl fmt::Debug for ErasedFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErasedFuture")
            .field("layout", &self.layout())
            .finish_non_exhaustive()
    }
}
