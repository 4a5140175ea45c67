//! What becomes of a task that is run or cancelled, whatever its future and its scheduler.
//!
//! Idea        What differs between tasks stands behind their vtable (`vtable`). The rest is the same for all: the state, the id,
//!             panics, and who is notified of the end. So these are plain functions, compiled once.
//! Rejected    One function for each future that does all of it: an indirect call less for each poll, and 1,200 lines of LLVM's
//!             language for each type of task, in each crate that spawns it.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use core::any::Any;
use core::task::Context;

use super::error::Payload;
use super::header::{Header, Notified};
use super::schedule::Scheduler;
use super::state::{OnComplete, OnPending, OnStart, TaskOutcome};
use super::waker;
use crate::collections::SlotRef;
use crate::coop;
use crate::platform::{catch_panic, contain_panic};

impl Notified {
    /// Polls the task once.
    pub fn run(self) {
        self.run_inline();
    }

    /// As [`run`](Self::run), compiled into the caller: for the loop of a scheduler.
    #[inline(always)]
    pub fn run_inline(self) {
        // SAFETY: the `Notified` is consumed here, once.
        unsafe { run(self.slot()) };
    }

    /// Cancels the task in the caller's context, unless it has ended.
    pub fn cancel(self) {
        let state = &self.slot().state;
        // The `Notified` is out, so this only marks the task.
        let _marked = state.abort(state.load().generation());
        self.run();
    }
}

/// # Safety
/// The caller passes the ownership of the task's `Notified`.
#[inline(always)]
unsafe fn run(slot: SlotRef<Header>) {
    let ending = match slot.state.start() {
        // SAFETY: the state is RUNNING by us.
        OnStart::Poll { generation } => unsafe { poll_once(slot, generation) },
        // SAFETY: the state is RUNNING by us.
        OnStart::Cancel => Some(unsafe { drop_future(slot) }),
        OnStart::Finished { last } => {
            if last {
                // SAFETY: the last owner has left with the `Notified`.
                unsafe { Header::release(slot) };
            }
            return;
        }
    };
    if let Some(ending) = ending {
        // SAFETY: still RUNNING by us; the stage holds what `ending` says.
        unsafe { complete(slot, ending, false) };
    }
}

/// Polls the future, and says how the task has ended, if it has: then the stage holds what is left of it.
///
/// # Safety
/// The state is RUNNING by the caller, and `generation` is the task's.
#[inline(always)]
unsafe fn poll_once(slot: SlotRef<Header>, generation: usize) -> Option<TaskOutcome> {
    // SAFETY: we run the task.
    let vtable = unsafe { slot.vtable() };
    // SAFETY: as above.
    let id = unsafe { slot.id() };
    let waker = waker::of(slot, generation);
    let mut cx = Context::from_waker(&waker);
    // SAFETY: while RUNNING the stage is the future, and ours alone.
    let poll = || unsafe { (vtable.poll)(slot, &mut cx) };
    let polled = id.scope(|| catch_panic(|| coop::raw::budget(poll)));
    match polled {
        Ok(true) => Some(TaskOutcome::Returned),
        Ok(false) => match slot.state.pend() {
            OnPending::Idle => None,
            OnPending::Requeue => {
                // SAFETY: the state is NOTIFIED, and we are the one to queue it.
                let notified = unsafe { Notified::new(slot) };
                // SAFETY: the `Notified` is ours.
                let scheduler = unsafe { Scheduler::of(slot) };
                // SAFETY: we run the scheduler's task.
                unsafe { scheduler.requeue(notified) };
                None
            }
            // SAFETY: still RUNNING by us.
            OnPending::Cancel => Some(unsafe { drop_future(slot) }),
        },
        // SAFETY: still RUNNING by us, and the future is dropped.
        Err(payload) => Some(unsafe { put_payload(slot, payload) }),
    }
}

/// Drops the future of a poll that unwinds, while the panic is under way, as a future on any other stack would be; a panic in
/// that drop goes no further.
pub(super) struct DropFuture(pub(super) SlotRef<Header>);

impl Drop for DropFuture {
    fn drop(&mut self) {
        contain_panic(|| {
            // SAFETY: whoever polls the task has it.
            let vtable = unsafe { self.0.vtable() };
            // SAFETY: made by `poll_once` for the future that it polls, and dropped only when that poll unwinds.
            unsafe { (vtable.drop_future)(self.0) };
        });
    }
}

/// Drops the future of a task that is cancelled, and says how the task ends by that.
///
/// # Safety
/// The state is RUNNING by the caller, and the stage holds the future; it counts as empty from here on.
#[cold]
unsafe fn drop_future(slot: SlotRef<Header>) -> TaskOutcome {
    // SAFETY: we run the task.
    let vtable = unsafe { slot.vtable() };
    // SAFETY: as above.
    let id = unsafe { slot.id() };
    // SAFETY: by the caller's promise.
    match id.scope(|| catch_panic(|| unsafe { (vtable.drop_future)(slot) })) {
        Ok(()) => TaskOutcome::Cancelled,
        // SAFETY: the stage is empty and ours.
        Err(payload) => unsafe { put_payload(slot, payload) },
    }
}

/// Completes a seized task as cancelled.
///
/// # Safety
/// The caller has seized the task, which makes it RUNNING.
#[cold]
pub(super) unsafe fn cancel_seized(slot: SlotRef<Header>) {
    // SAFETY: by the caller's promise; no poll has ended the task.
    let ending = unsafe { drop_future(slot) };
    // SAFETY: RUNNING by the caller; the stage holds what `ending` says.
    unsafe { complete(slot, ending, true) };
}

/// Calls `drop` with `place`; its panic goes no further.
///
/// # Safety
/// As for `drop`.
#[cold]
pub(super) unsafe fn contain_drop(place: *mut (), drop: unsafe fn(*mut ())) {
    // SAFETY: by the caller's promise.
    contain_panic(|| unsafe { drop(place) });
}

/// Puts the payload of a panic where the future was, and says how the task ends by that.
///
/// # Safety
/// The state is RUNNING by the caller, and the stage is empty.
#[cold]
unsafe fn put_payload(slot: SlotRef<Header>, payload: Box<dyn Any + Send>) -> TaskOutcome {
    // SAFETY: the caller runs the task.
    let vtable = unsafe { slot.vtable() };
    // SAFETY: as above.
    let place = unsafe { (vtable.payload)(slot) };
    // SAFETY: the stage is empty and the caller's.
    unsafe { place.write(Box::new(payload)) };
    TaskOutcome::Panicked
}

/// # Safety
/// The state is RUNNING by the caller, and the stage holds what `ending` says.
unsafe fn complete(slot: SlotRef<Header>, ending: TaskOutcome, seized: bool) {
    // SAFETY: the task has not completed, which keeps the scheduler.
    let scheduler = unsafe { Scheduler::of(slot) };
    // SAFETY: as above.
    unsafe { scheduler.finished(slot, ending == TaskOutcome::Panicked) };
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
            // SAFETY: nobody joins: what is left is ours.
            unsafe { drop_result(slot) };
            outcome == OnComplete::DropOutputLast || slot.state.leave_runtime()
        }
    };
    if last {
        // SAFETY: the last owner has left.
        unsafe { Header::release(slot) };
    }
}

/// Drops the output, or the payload, of a completed task as part of it; a panic in that drop has nowhere to go.
///
/// # Safety
/// What the task has left belongs to the caller, and is dropped once.
pub(super) unsafe fn drop_result(slot: SlotRef<Header>) {
    // SAFETY: an owner of the task, whose slot is not released.
    let id = unsafe { slot.id() };
    let ending = slot.state.load().ending();
    id.scope(|| {
        contain_panic(|| match ending {
            TaskOutcome::Returned => {
                // SAFETY: the task has a vtable until its slot is released.
                let vtable = unsafe { slot.vtable() };
                // SAFETY: by the caller's promise.
                unsafe { (vtable.drop_output)(slot) };
            }
            // SAFETY: by the caller's promise.
            TaskOutcome::Panicked => drop(unsafe { take_panic(slot) }),
            TaskOutcome::Cancelled => {}
        })
    });
}

/// Takes the payload of a task that panicked.
///
/// # Safety
/// The payload belongs to the caller, and is taken once.
#[cold]
pub(super) unsafe fn take_panic(slot: SlotRef<Header>) -> Payload {
    // SAFETY: the task has a vtable until its slot is released.
    let vtable = unsafe { slot.vtable() };
    // SAFETY: by the caller's promise.
    let payload = unsafe { (vtable.payload)(slot) };
    // SAFETY: as above.
    unsafe { payload.read() }
}
