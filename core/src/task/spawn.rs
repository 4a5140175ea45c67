//! Spawning: a future is put into a slot.
//!
//! Idea        The caller of spawn lends a pointer to the future, and what tasks of its type are made of. A scheduler takes a slot
//!             of the right size and moves the future there. So nothing between the caller and the slot depends on the type.
//! States      lent → put into a slot, or back with the lender
//! Invariants  I1 `slot` is set exactly when the bytes were moved: from then on the lender's copy is not dropped, and the lender
//!                has the join handle.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::cell::Cell;
use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::cell;
use super::header::{Header, Meta, Notified, Vtable};
use super::id::Id;
use super::join::JoinHandle;
use super::vtable::{Inline, Unbox, Unpack, vtable};
use crate::collections::{LARGEST_SLOT, SLOT_ALIGN, SlabOwner, SlotRef};

/// A future, and an output, too large for a slot: both live in boxes.
struct Boxed<F: Future>(Pin<Box<F>>);

impl<F: Future> Future for Boxed<F> {
    type Output = Box<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Box<F::Output>> {
        self.0.as_mut().poll(cx).map(Box::new)
    }
}

const fn fits<F: Future>() -> bool {
    size_of::<cell::Cell<F>>() <= LARGEST_SLOT && align_of::<cell::Cell<F>>() <= SLOT_ALIGN
}

/// A future that is lent to a scheduler, which may put it into a slot; made by [`lend`](Self::lend).
pub struct UnspawnedTask<'a>(&'a TaskParts);

/// What becomes a task.
struct TaskParts {
    future: *mut (),
    vtable: &'static Vtable,
    id: Id,
    location: &'static Location<'static>,
    slot: Cell<Option<SlotRef<Header>>>,
}

/// The lender's end: the future until it is moved, then the join handle (I1).
struct UnspawnedGuard<F: Future, O> {
    parts: TaskParts,
    types: PhantomData<(F, O)>,
}

impl<F: Future, O> UnspawnedGuard<F, O> {
    #[inline]
    fn into_handle(self) -> JoinHandle<O> {
        let slot = self.parts.slot.get();
        let slot = slot.expect("the future was put into a slot");
        core::mem::forget(self);
        // SAFETY: the state began with JOIN, and this is its handle; the output's type is the lender's.
        unsafe { JoinHandle::new(slot) }
    }
}

impl<F: Future, O> Drop for UnspawnedGuard<F, O> {
    fn drop(&mut self) {
        match self.parts.slot.get() {
            // SAFETY: as in `into_handle`.
            Some(slot) => drop(unsafe { JoinHandle::<O>::new(slot) }),
            // SAFETY: it was not moved (I1), and is not used again.
            None => unsafe { self.parts.future.cast::<F>().drop_in_place() },
        }
    }
}

impl UnspawnedTask<'_> {
    /// Lends `future` to `spawn`, which gets it put into a slot of its scheduler, and queued there.
    ///
    /// A future whose slot would be larger than the largest class, or aligned beyond 32 bytes, is boxed.
    ///
    /// # Safety
    /// If `F` or its output is not `Send`, `spawn` takes it to a scheduler that runs and drops its tasks on the calling thread
    /// only. If `F` is not `'static`, the task completes before what it borrows ends.
    ///
    /// # Panics
    /// If `spawn` leaves the future where it is.
    #[inline]
    pub unsafe fn lend<F: Future>(
        id: Id,
        location: &'static Location<'static>,
        future: F,
        spawn: impl FnOnce(UnspawnedTask<'_>),
    ) -> JoinHandle<F::Output> {
        if const { fits::<F>() } {
            // The output is not boxed, and read as it is.
            Self::lend_as::<F, Inline>(id, location, future, spawn)
        } else {
            // The output is boxed, and unboxed when read.
            Self::lend_as::<Boxed<F>, Unbox>(id, location, Boxed(Box::pin(future)), spawn)
        }
    }

    /// As [`lend`](Self::lend), for a future that fits; `U` turns its output into what the handle reads.
    #[inline]
    fn lend_as<F: Future, U: Unpack<F::Output>>(
        id: Id,
        location: &'static Location<'static>,
        future: F,
        spawn: impl FnOnce(UnspawnedTask<'_>),
    ) -> JoinHandle<U::Output> {
        let mut future = ManuallyDrop::new(future);
        let guard = UnspawnedGuard::<F, U::Output> {
            parts: TaskParts {
                future: core::ptr::from_mut(&mut future).cast(),
                vtable: vtable::<F, U>(),
                id,
                location,
                slot: Cell::new(None),
            },
            types: PhantomData,
        };
        spawn(UnspawnedTask(&guard.parts));
        guard.into_handle()
    }

    /// The task's id.
    pub fn id(&self) -> Id {
        self.0.id
    }

    /// Where it is spawned.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// Puts the future into a slot of `slab`: a queued task of the scheduler that the slab belongs to.
    #[inline]
    pub(super) fn put_in(self, slab: &SlabOwner<Header>) -> Notified {
        let TaskParts {
            future,
            vtable,
            id,
            location,
            slot: ref lent_slot,
        } = *self.0;
        let slot = slab.take_of(vtable.class);
        // SAFETY: the slot is of the vtable's class, vacant and ours; the lender does not use its future again (I1).
        unsafe { (vtable.place)(slot, future) };
        let meta = Meta {
            vtable,
            id,
            location,
        };
        // SAFETY: the slot is ours, and vacant.
        unsafe { slot.set_meta(meta) };
        slot.state.begin();
        lent_slot.set(Some(slot));
        // SAFETY: the state began NOTIFIED, and this is its `Notified`.
        unsafe { Notified::new(slot) }
    }
}

impl fmt::Debug for UnspawnedTask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnspawnedTask")
            .field("id", &self.0.id)
            .finish_non_exhaustive()
    }
}

/// Puts `future` into a slot of `slab`: a queued task of the scheduler that the slab belongs to, and
/// the handle to join it by.
///
/// # Safety
/// As for [`UnspawnedTask::lend`], the scheduler being the one that the slab belongs to.
#[inline]
pub(super) unsafe fn spawn_in<F: Future>(
    slab: &SlabOwner<Header>,
    id: Id,
    location: &'static Location<'static>,
    future: F,
) -> (Notified, JoinHandle<F::Output>) {
    let mut notified = None;
    let put = |task: UnspawnedTask<'_>| notified = Some(task.put_in(slab));
    // SAFETY: by the caller's promise.
    let handle = unsafe { UnspawnedTask::lend(id, location, future, put) };
    (notified.expect("put into a slot just now"), handle)
}
