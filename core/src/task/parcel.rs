//! A future whose type is forgotten, on its way into a slot.
//!
//! Idea        Whoever spawns lends a pointer to the future and a table of what can be done with
//!             it; whoever has room copies the bytes and keeps the table. So one function without
//!             type parameters spawns everything, on a chip and on a hosted runtime.
//! Invariants  I1 the future is moved out of a parcel at most once: by `move_to`, which consumes it.
//! Rejected    `Box<dyn Future>`: it needs a heap, and a second one to say that it did not fit.
#![allow(unsafe_code)]

use core::alloc::Layout;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};

/// What can be done with a future whose type is forgotten.
#[derive(Debug)]
pub struct FutureTable {
    layout: Layout,
    poll: unsafe fn(*mut (), &mut Context<'_>) -> Poll<()>,
    drop: unsafe fn(*mut ()),
}

impl FutureTable {
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

/// A future that is lent to whoever may have room for it.
pub struct Parcel<'a> {
    future: *mut (),
    table: &'static FutureTable,
    _lent: PhantomData<&'a mut ()>,
}

impl<'a> Parcel<'a> {
    /// Lends `future`. If the parcel's user says that it moved the future out, the lender must
    /// forget it.
    pub fn new<F: Future<Output = ()> + 'static>(future: &'a mut F) -> Self {
        Self {
            future: core::ptr::from_mut(future).cast(),
            table: FutureTable::of::<F>(),
            _lent: PhantomData,
        }
    }

    /// Size and alignment of the future.
    pub const fn layout(&self) -> Layout {
        self.table.layout
    }

    /// Moves the future to `place` and returns its table; the lender has to be told.
    ///
    /// # Safety
    /// `place` has room for the future's [`layout`](Self::layout).
    pub unsafe fn move_to(self, place: *mut ()) -> &'static FutureTable {
        let bytes = self.table.layout.size();
        // SAFETY: the lender's future is `bytes` long, and `place` has room and is another one's.
        unsafe {
            self.future
                .cast::<u8>()
                .copy_to_nonoverlapping(place.cast(), bytes);
        }
        self.table
    }
}

impl fmt::Debug for Parcel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parcel")
            .field("layout", &self.layout())
            .finish_non_exhaustive()
    }
}
