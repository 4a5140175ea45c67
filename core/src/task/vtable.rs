//! What differs between tasks: the functions of a task's vtable, for each future and each scheduler.
//!
//! Idea        They are compiled for each type of future, so they do what needs the type and no more. What is the same for all
//!             tasks is done by `poll`, once.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::future::Future;
use core::mem::{ManuallyDrop, needs_drop};
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::cell::{Cell, Stage};
use super::error::Payload;
use super::header::{Header, Notified, Schedule, Vtable};
use super::poll::{DropFuture, contain_drop};
use crate::collections::{Slab, SlotRef};
use crate::coop;

/// How a stored output becomes the one that the handle reads.
pub(super) trait Unpack<O> {
    /// What the handle reads.
    type Output;
    /// Turns the stored output into it.
    fn unpack(stored: O) -> Self::Output;
}

/// The output stands in the slot.
pub(super) struct Inline;

impl<O> Unpack<O> for Inline {
    type Output = O;
    fn unpack(stored: O) -> O {
        stored
    }
}

/// The output stands in a box.
pub(super) struct Unbox;

impl<O> Unpack<Box<O>> for Unbox {
    type Output = O;
    fn unpack(stored: Box<O>) -> O {
        *stored
    }
}

/// The functions for tasks of `F` on `S`.
pub(super) fn vtable<F: Future, U: Unpack<F::Output>, S: Schedule>() -> &'static Vtable {
    const {
        &Vtable {
            poll: poll::<F>,
            drop_future: drop_future::<F>,
            take_output: take_output::<F, U>,
            drop_output: drop_output::<F>,
            payload: payload::<F>,
            schedule: schedule::<S>,
            requeue: requeue::<S>,
            finished: finished::<S>,
        }
    }
}

/// The scheduler of the task in `slot`.
///
/// # Safety
/// The caller holds the task's `Notified` or runs it, and `S` is its scheduler's type.
#[inline]
unsafe fn scheduler<S: Schedule>(slot: SlotRef<Header>) -> NonNull<S> {
    // SAFETY: a task's slot came from a slab, and is taken.
    let owner = unsafe { Slab::of(slot) }.owner().cast();
    // SAFETY: a slab with tasks in it belongs to a scheduler, which its owner keeps (`owned`).
    unsafe { NonNull::new_unchecked(owner) }
}

// None of these is `#[inline]`: they are called through a vtable alone, and would be copied for each that is made.

unsafe fn schedule<S: Schedule>(slot: SlotRef<Header>) {
    // SAFETY: the caller passes the ownership of the `Notified`.
    let notified = unsafe { Notified::new(slot) };
    // SAFETY: the `Notified` is ours.
    let scheduler = unsafe { scheduler::<S>(slot) };
    // SAFETY: the scheduler stays while a `Notified` of its tasks is out.
    unsafe { S::schedule(scheduler, notified) }
}

unsafe fn requeue<S: Schedule>(slot: SlotRef<Header>) {
    // SAFETY: the caller passes the ownership of the `Notified`.
    let notified = unsafe { Notified::new(slot) };
    // SAFETY: the `Notified` is ours.
    let scheduler = unsafe { scheduler::<S>(slot) };
    // SAFETY: the caller runs the scheduler's task.
    unsafe { S::requeue(scheduler, notified) }
}

unsafe fn finished<S: Schedule>(slot: SlotRef<Header>, panicked: bool) {
    // SAFETY: the task has not completed, which keeps the scheduler.
    let scheduler = unsafe { scheduler::<S>(slot) };
    // SAFETY: as above.
    let scheduler = unsafe { scheduler.as_ref() };
    // SAFETY: the caller runs the task.
    let id = unsafe { slot.id() };
    // SAFETY: as above.
    let location = unsafe { slot.location() };
    scheduler.finished(id, location, panicked);
}

/// Polls the future; `true`: it has returned, and the output is in its place. If it panics, or its drop does, so does this, and
/// the stage is empty.
unsafe fn poll<F: Future>(slot: SlotRef<Header>, cx: &mut Context<'_>) -> bool {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    let dropped_if_it_panics = DropFuture(slot);
    let polled = cell.stage.with_mut(|stage| {
        // SAFETY: while RUNNING the stage is the future, and ours alone.
        let future = unsafe { &mut *Stage::future(stage) };
        // SAFETY: the future stays in its slot until it is dropped.
        let future = unsafe { Pin::new_unchecked(future) };
        coop::raw::budget(|| future.poll(cx))
    });
    core::mem::forget(dropped_if_it_panics);
    let Poll::Ready(output) = polled else {
        return false;
    };
    let output = KeptOutput(ManuallyDrop::new(output));
    // SAFETY: RUNNING by the caller, and the stage still holds the future.
    unsafe { drop_future::<F>(slot) };
    cell.stage.with_mut(|stage| {
        // SAFETY: the stage is empty and ours.
        unsafe { output.move_to(Stage::output(stage)) };
    });
    true
}

/// The output of a future that is dropped first; a panic in the output's drop, if the future's has panicked, goes no further.
struct KeptOutput<T>(ManuallyDrop<T>);

impl<T> KeptOutput<T> {
    /// # Safety
    /// `place` is one for a `T`.
    unsafe fn move_to(self, place: *mut T) {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: taken once: the guard is not dropped.
        let output = unsafe { ManuallyDrop::take(&mut this.0) };
        // SAFETY: by the caller's promise.
        unsafe { place.write(output) };
    }
}

impl<T> Drop for KeptOutput<T> {
    fn drop(&mut self) {
        if needs_drop::<T>() {
            // SAFETY: dropped here alone.
            unsafe { contain_drop((&raw mut self.0).cast(), drop_value::<T>) };
        }
    }
}

/// # Safety
/// A `T` stands at `place`, is the caller's, and is not used any more.
unsafe fn drop_value<T>(place: *mut ()) {
    // SAFETY: by the caller's promise.
    unsafe { place.cast::<T>().drop_in_place() };
}

unsafe fn drop_future<F: Future>(slot: SlotRef<Header>) {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    cell.stage.with_mut(|stage| {
        // SAFETY: the stage holds the future and is the caller's; it counts as empty from here on.
        unsafe { Stage::future(stage).drop_in_place() };
    });
}

unsafe fn take_output<F: Future, U: Unpack<F::Output>>(slot: SlotRef<Header>, place: *mut ()) {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    let stored = cell.stage.with_mut(|stage| {
        // SAFETY: the task returned and the output belongs to the caller, who takes it once.
        unsafe { Stage::output(stage).read() }
    });
    // SAFETY: the caller's place is one for the output.
    unsafe { place.cast::<U::Output>().write(U::unpack(stored)) };
}

unsafe fn drop_output<F: Future>(slot: SlotRef<Header>) {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    cell.stage.with_mut(|stage| {
        // SAFETY: the task returned and the output belongs to the caller, who drops it once.
        unsafe { Stage::output(stage).drop_in_place() };
    });
}

unsafe fn payload<F: Future>(slot: SlotRef<Header>) -> *mut Payload {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    cell.stage.with_mut(Stage::payload)
}
