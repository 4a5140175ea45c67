//! Spawning: a future is put into a slot.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::future::Future;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::cell::{Cell, Stage};
use super::header::{Header, Meta, Notified, Schedule};
use super::id::Id;
use super::join::JoinHandle;
use super::vtable::{Inline, Unbox, Unpack, vtable};
use crate::collections::{LARGEST_SLOT, SLOT_ALIGN, SlabOwner, SlotRef};
use crate::platform::UnsafeCell;

/// A future, and an output, too large for a slot: both live in boxes.
struct Boxed<F: Future>(Pin<Box<F>>);

impl<F: Future> Future for Boxed<F> {
    type Output = Box<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Box<F::Output>> {
        self.0.as_mut().poll(cx).map(Box::new)
    }
}

const fn fits<F: Future>() -> bool {
    size_of::<Cell<F>>() <= LARGEST_SLOT && align_of::<Cell<F>>() <= SLOT_ALIGN
}

/// Puts `future` into a slot of `slab`: a queued task of the scheduler that the slab belongs to, and
/// the handle to join it by.
///
/// A future whose slot would be larger than the largest class, or aligned beyond 32 bytes, is
/// boxed.
///
/// # Safety
/// `S` is the type of the scheduler that the slab belongs to. If `F` or its output is not `Send`, the scheduler runs
/// and drops its tasks on the thread that spawned them only. If `F` is not `'static`, the task
/// completes before what it borrows ends.
#[track_caller]
#[inline]
pub unsafe fn spawn_in<F: Future, S: Schedule>(
    slab: &SlabOwner<Header>,
    id: Id,
    location: &'static Location<'static>,
    future: F,
) -> (Notified, JoinHandle<F::Output>) {
    let header = if const { fits::<F>() } {
        // SAFETY: the output is not boxed, and read as it is.
        unsafe { put::<F, Inline, S>(slab, id, location, future) }
    } else {
        let future = Boxed(Box::pin(future));
        // SAFETY: the output is boxed, and unboxed when read.
        unsafe { put::<Boxed<F>, Unbox, S>(slab, id, location, future) }
    };
    // SAFETY: the state began NOTIFIED, and this is its `Notified`.
    let notified = unsafe { Notified::new(header) };
    // SAFETY: the state began with JOIN, and this is its handle; the output's type is `F`'s.
    let handle = unsafe { JoinHandle::new(header) };
    (notified, handle)
}

/// # Safety
/// As for [`spawn_in`]; `U` turns `F`'s output into what the handle reads.
#[inline]
unsafe fn put<F: Future, U: Unpack<F::Output>, S: Schedule>(
    slab: &SlabOwner<Header>,
    id: Id,
    location: &'static Location<'static>,
    future: F,
) -> SlotRef<Header> {
    let slot = slab.take(size_of::<Cell<F>>());
    let cell = slot.cast::<Cell<F>>();
    // SAFETY: the slot is large enough for a `Cell<F>`, and taken by us alone.
    let stage = unsafe { &raw mut (*cell.as_ptr()).stage };
    let first = Stage::new(future);
    // SAFETY: nobody else knows of the slot; vacant slots hold nothing behind the header.
    unsafe { stage.write(UnsafeCell::new(first)) };
    let meta = Meta {
        vtable: vtable::<F, U, S>(),
        id,
        location,
    };
    // SAFETY: the slot is ours, and vacant.
    unsafe { slot.set_meta(meta) };
    slot.state.begin();
    slot
}
