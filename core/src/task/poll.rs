//! The functions of a task's vtable: to run it, to cancel it, to complete it and to take its output.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::cell::{Cell, Stage};
use super::error::Payload;
use super::header::{Header, Notified, Schedule, Vtable};
use super::id::Id;
use super::state::{OnComplete, OnPending, OnStart, TaskOutcome};
use super::waker;
use crate::collections::{Slab, SlotRef};
use crate::coop;
use crate::platform::{catch_panic, contain_panic};

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
            run: run::<F, S>,
            schedule: schedule::<S>,
            cancel_seized: cancel_seized::<F, S>,
            take_output: take_output::<F, U>,
            take_panic: take_panic::<F>,
            drop_output: drop_output::<F>,
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

#[inline]
unsafe fn schedule<S: Schedule>(slot: SlotRef<Header>) {
    // SAFETY: the caller passes the ownership of the `Notified`.
    let notified = unsafe { Notified::new(slot) };
    // SAFETY: the `Notified` is ours.
    let scheduler = unsafe { scheduler::<S>(slot) };
    // SAFETY: the scheduler stays while a `Notified` of its tasks is out.
    unsafe { S::schedule(scheduler, notified) }
}

// Not `#[inline]`: it is called through a vtable alone, and would be copied for each that is made.
unsafe fn run<F: Future, S: Schedule>(slot: SlotRef<Header>) {
    match slot.state.start() {
        // SAFETY: the state is RUNNING by us.
        OnStart::Poll { generation } => unsafe { poll_once::<F, S>(slot, generation) },
        // SAFETY: the state is RUNNING by us.
        OnStart::Cancel => unsafe { cancel::<F, S>(slot, false) },
        OnStart::Finished { last: false } => {}
        // SAFETY: the last owner has left with the `Notified`.
        OnStart::Finished { last: true } => unsafe { Header::release(slot) },
    }
}

/// # Safety
/// The state is RUNNING by the caller, and `generation` is the task's.
#[inline]
unsafe fn poll_once<F: Future, S: Schedule>(slot: SlotRef<Header>, generation: usize) {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    // SAFETY: we run the task.
    let id = unsafe { cell.header.id() };
    let waker = waker::of(slot, generation);
    let mut cx = Context::from_waker(&waker);
    let polled = id.scope(|| {
        catch_panic(|| {
            cell.stage.with_mut(|stage| {
                // While the panic is under way, as a future on any other stack would be.
                let dropped_if_it_panics = DropFuture(Stage::future(stage));
                // SAFETY: while RUNNING the stage is the future, and ours alone.
                let future = unsafe { &mut *Stage::future(stage) };
                // SAFETY: the future stays in its slot until it is dropped.
                let future = unsafe { Pin::new_unchecked(future) };
                let polled = coop::raw::budget(|| future.poll(&mut cx));
                core::mem::forget(dropped_if_it_panics);
                polled
            })
        })
    });
    match polled {
        Ok(Poll::Pending) => match cell.header.state.pend() {
            OnPending::Idle => {}
            OnPending::Requeue => {
                // SAFETY: the state is NOTIFIED, and we are the one to queue it.
                let notified = unsafe { Notified::new(slot) };
                // SAFETY: the `Notified` is ours.
                let scheduler = unsafe { scheduler::<S>(slot) };
                // SAFETY: we run the scheduler's task.
                unsafe { S::requeue(scheduler, notified) };
            }
            // SAFETY: still RUNNING by us.
            OnPending::Cancel => unsafe { cancel::<F, S>(slot, false) },
        },
        // SAFETY: still RUNNING by us.
        Ok(Poll::Ready(output)) => unsafe { finish::<F, S>(slot, id, output) },
        // SAFETY: still RUNNING by us, and the future is dropped.
        Err(payload) => unsafe { fail::<F, S>(slot, id, Box::new(payload)) },
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
unsafe fn finish<F: Future, S: Schedule>(slot: SlotRef<Header>, id: Id, output: F::Output) {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    // SAFETY: by the caller's promise; a panic in the future's drop ends the task like one in poll.
    if let Err(payload) = unsafe { drop_future(cell, id) } {
        contain_panic(|| drop(output));
        // SAFETY: the stage is empty and ours.
        return unsafe { fail::<F, S>(slot, id, payload) };
    }
    cell.stage.with_mut(|stage| {
        // SAFETY: the stage is empty and ours.
        unsafe { Stage::output(stage).write(output) };
    });
    // SAFETY: RUNNING by the caller; the stage holds the output.
    unsafe { complete::<S>(slot, id, TaskOutcome::Returned, false) };
}

/// The future has panicked and is dropped: puts the payload in its place.
///
/// # Safety
/// The state is RUNNING by the caller, and the stage is empty.
#[cold]
unsafe fn fail<F: Future, S: Schedule>(slot: SlotRef<Header>, id: Id, payload: Payload) {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    cell.stage.with_mut(|stage| {
        // SAFETY: the stage is empty and ours.
        unsafe { Stage::payload(stage).write(payload) };
    });
    // SAFETY: RUNNING by the caller; the stage holds the payload.
    unsafe { complete::<S>(slot, id, TaskOutcome::Panicked, false) };
}

/// # Safety
/// The state is RUNNING by the caller, and the stage holds the future.
#[cold]
unsafe fn cancel<F: Future, S: Schedule>(slot: SlotRef<Header>, seized: bool) {
    // SAFETY: the slot holds a `Cell<F>`, as its vtable says.
    let cell = unsafe { slot.cast::<Cell<F>>().as_ref() };
    // SAFETY: we run the task.
    let id = unsafe { cell.header.id() };
    // SAFETY: by the caller's promise.
    let ending = match unsafe { drop_future(cell, id) } {
        Ok(()) => TaskOutcome::Cancelled,
        Err(payload) => {
            cell.stage.with_mut(|stage| {
                // SAFETY: the stage is empty and ours.
                unsafe { Stage::payload(stage).write(payload) };
            });
            TaskOutcome::Panicked
        }
    };
    // SAFETY: RUNNING by the caller; the stage holds what `ending` says.
    unsafe { complete::<S>(slot, id, ending, seized) };
}

unsafe fn cancel_seized<F: Future, S: Schedule>(slot: SlotRef<Header>) {
    // SAFETY: the caller seized the task, which makes it RUNNING.
    unsafe { cancel::<F, S>(slot, true) }
}

/// # Safety
/// The stage holds the future and is the caller's.
#[inline]
unsafe fn drop_future<F: Future>(cell: &Cell<F>, id: Id) -> Result<(), Payload> {
    if !core::mem::needs_drop::<F>() {
        return Ok(());
    }
    id.scope(|| {
        catch_panic(|| {
            cell.stage.with_mut(|stage| {
                // SAFETY: by the caller's promise; the stage counts as empty from here on.
                unsafe { Stage::future(stage).drop_in_place() };
            });
        })
    })
    .map_err(Box::new)
}

/// # Safety
/// The state is RUNNING by the caller, and the stage holds what `ending` says.
// Once for each scheduler: what depends on the future is in the task's vtable.
unsafe fn complete<S: Schedule>(slot: SlotRef<Header>, id: Id, ending: TaskOutcome, seized: bool) {
    // SAFETY: the task has not completed, which keeps the scheduler.
    let scheduler = unsafe { scheduler::<S>(slot) };
    // SAFETY: as above.
    let scheduler = unsafe { scheduler.as_ref() };
    // SAFETY: as above.
    let location = unsafe { slot.location() };
    scheduler.finished(id, location, ending == TaskOutcome::Panicked);
    let last = match slot.state.complete(ending, seized) {
        OnComplete::Left => false,
        OnComplete::WakeJoiner => {
            slot.join_waker.with(|waker| {
                // SAFETY: JOIN_WAKER is set and the state COMPLETE: the waker is ours to use.
                let waker = unsafe { &*waker };
                // A panicking waker must not keep the runtime from leaving.
                contain_panic(|| waker.as_ref().map(core::task::Waker::wake_by_ref));
            });
            slot.state.leave_runtime()
        }
        outcome @ (OnComplete::DropOutput | OnComplete::DropOutputLast) => {
            id.scope(|| {
                // SAFETY: the task has a vtable until its slot is released.
                let vtable = unsafe { slot.vtable() };
                // SAFETY: nobody joins: the output is ours.
                contain_panic(|| unsafe { (vtable.drop_output)(slot) })
            });
            outcome == OnComplete::DropOutputLast || slot.state.leave_runtime()
        }
    };
    if last {
        // SAFETY: the last owner has left.
        unsafe { Header::release(slot) };
    }
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
