//! What differs between tasks: the functions of a task's vtable, for each type of future.
//!
//! Idea        They are compiled for each type of future, so they do what needs the type and no more. What is the same for all
//!             tasks is done by `poll`, once.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::future::Future;
use core::mem::{ManuallyDrop, needs_drop};
use core::pin::Pin;
use core::task::{Context, Poll};

use super::cell::{Cell, Stage};
use super::error::Payload;
use super::header::{Header, Vtable};
use super::poll::{DropFuture, contain_drop};
use crate::collections::{SlotClass, SlotRef};
use crate::platform::UnsafeCell;

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

/// What a task of `F` is made of, and its functions.
pub(super) const fn vtable<F: Future, U: Unpack<F::Output>>() -> &'static Vtable {
    const {
        &Vtable {
            class: SlotClass::of(size_of::<Cell<F>>()),
            place: place::<F>,
            poll: poll::<F>,
            drop_future: drop_future::<F>,
            take_output: take_output::<F, U>,
            drop_output: drop_output::<F>,
            payload: payload::<F>,
        }
    }
}

// None of these is `#[inline]`: they are called through a vtable alone, and would be copied for each that is made.

/// # Safety
/// The slot is of the class of a `Cell<F>`, is vacant and the caller's; an `F` that is moved out stands at `future`.
unsafe fn place<F: Future>(slot: SlotRef<Header>, future: *mut ()) {
    let cell = slot.cast::<Cell<F>>();
    // SAFETY: the slot is large enough, by the caller's promise.
    let stage = unsafe { &raw mut (*cell.as_ptr()).stage };
    // SAFETY: by the caller's promise.
    let future = unsafe { future.cast::<F>().read() };
    // SAFETY: nobody else knows of the slot; vacant slots hold nothing behind the header.
    unsafe { stage.write(UnsafeCell::new(Stage::new(future))) };
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
        future.poll(cx)
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
