//! The functions of a task's vtable: what is compiled for each type of future. `run` has what is the same for all.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

use super::cell::{Cell, Stage};
use super::error::Payload;
use super::header::{Header, PollOutcome, Vtable};
use super::state::TaskOutcome;
use crate::collections::{SlotClass, SlotRef};
use crate::platform::{UnsafeCell, catch_panic, contain_panic};

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
            take_panic: take_panic::<F>,
            drop_output: drop_output::<F>,
        }
    }
}

/// # Safety
/// The slot has the bytes of a `Cell<F>`, is vacant and the caller's; an `F` that is moved out stands at `future`.
unsafe fn place<F: Future>(slot: SlotRef<Header>, future: *mut ()) {
    let cell = slot.cast::<Cell<F>>();
    // SAFETY: the slot is large enough, by the caller's promise.
    let stage = unsafe { &raw mut (*cell.as_ptr()).stage };
    // SAFETY: by the caller's promise.
    let future = unsafe { future.cast::<F>().read() };
    // SAFETY: nobody else knows of the slot; vacant slots hold nothing behind the header.
    unsafe { stage.write(UnsafeCell::new(Stage::new(future))) };
}

/// # Safety
/// The state is RUNNING by the caller, and the stage holds the future.
// Not `#[inline]`, as the others here: it is called through a vtable alone, and would be copied for each that is made.
unsafe fn poll<F: Future>(slot: SlotRef<Header>, cx: &mut Context<'_>) -> PollOutcome {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    let polled = catch_panic(|| {
        cell.stage.with_mut(|stage| {
            // While the panic is under way, as a future on any other stack would be.
            let dropped_if_it_panics = DropFuture(Stage::future(stage));
            // SAFETY: while RUNNING the stage is the future, and ours alone.
            let future = unsafe { &mut *Stage::future(stage) };
            // SAFETY: the future stays in its slot until it is dropped.
            let future = unsafe { Pin::new_unchecked(future) };
            let polled = future.poll(cx);
            core::mem::forget(dropped_if_it_panics);
            polled
        })
    });
    match polled {
        Ok(Poll::Pending) => PollOutcome::Pending,
        // SAFETY: RUNNING by the caller; the stage still holds the future.
        Ok(Poll::Ready(output)) => PollOutcome::Ended(unsafe { finish(cell, output) }),
        // SAFETY: as above, and the future is dropped.
        Err(payload) => PollOutcome::Ended(unsafe { fail(cell, Box::new(payload)) }),
    }
}

/// Drops the future it points to; a panic in that drop goes no further.
struct DropFuture<F>(*mut F);

impl<F> Drop for DropFuture<F> {
    fn drop(&mut self) {
        contain_panic(|| {
            // SAFETY: made by `poll_once` of the future that it polls, and dropped only when that
            // poll unwinds.
            unsafe { self.0.drop_in_place() };
        });
    }
}

/// The future has returned: puts the output in its place.
///
/// # Safety
/// The state is RUNNING by the caller, and the stage still holds the future.
#[inline]
unsafe fn finish<F: Future>(cell: &Cell<F>, output: F::Output) -> TaskOutcome {
    // SAFETY: by the caller's promise; a panic in the future's drop ends the task like one in poll.
    if let Err(payload) = unsafe { try_drop(cell) } {
        contain_panic(|| drop(output));
        // SAFETY: the stage is empty and ours.
        return unsafe { fail(cell, payload) };
    }
    cell.stage.with_mut(|stage| {
        // SAFETY: the stage is empty and ours.
        unsafe { Stage::output(stage).write(output) };
    });
    TaskOutcome::Returned
}

/// The future has panicked and is dropped: puts the payload in its place.
///
/// # Safety
/// The state is RUNNING by the caller, and the stage is empty.
#[cold]
unsafe fn fail<F: Future>(cell: &Cell<F>, payload: Payload) -> TaskOutcome {
    cell.stage.with_mut(|stage| {
        // SAFETY: the stage is empty and ours.
        unsafe { Stage::payload(stage).write(payload) };
    });
    TaskOutcome::Panicked
}

/// # Safety
/// The state is RUNNING by the caller, and the stage holds the future.
unsafe fn drop_future<F: Future>(slot: SlotRef<Header>) -> TaskOutcome {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    // SAFETY: by the caller's promise.
    match unsafe { try_drop(cell) } {
        Ok(()) => TaskOutcome::Cancelled,
        // SAFETY: the stage is empty and ours.
        Err(payload) => unsafe { fail(cell, payload) },
    }
}

/// # Safety
/// The stage holds the future and is the caller's.
#[inline]
unsafe fn try_drop<F: Future>(cell: &Cell<F>) -> Result<(), Payload> {
    if !core::mem::needs_drop::<F>() {
        return Ok(());
    }
    catch_panic(|| {
        cell.stage.with_mut(|stage| {
            // SAFETY: by the caller's promise; the stage counts as empty from here on.
            unsafe { Stage::future(stage).drop_in_place() };
        });
    })
    .map_err(Box::new)
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

unsafe fn take_panic<F: Future>(slot: SlotRef<Header>) -> Payload {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    cell.stage.with_mut(|stage| {
        // SAFETY: the task panicked and the payload belongs to the caller, who takes it once.
        unsafe { Stage::payload(stage).read() }
    })
}

unsafe fn drop_output<F: Future>(slot: SlotRef<Header>) {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    let ending = cell.header.state.load().ending();
    cell.stage.with_mut(|stage| match ending {
        // SAFETY: the output belongs to the caller, who drops it once.
        TaskOutcome::Returned => unsafe { Stage::output(stage).drop_in_place() },
        // SAFETY: as above.
        TaskOutcome::Panicked => unsafe { Stage::payload(stage).drop_in_place() },
        TaskOutcome::Cancelled => {}
    });
}
