//! A task's polls and its end, whatever its future and its scheduler.
#![allow(unsafe_code)]

use core::task::Context;

use super::header::{Header, Notified, PollOutcome};
use super::id::Id;
use super::schedule::Scheduler;
use super::state::{OnComplete, OnPending, OnStart, TaskOutcome};
use super::waker;
use crate::collections::SlotRef;
use crate::coop;
use crate::platform::contain_panic;

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

/// Polls the task in `slot` once.
///
/// # Safety
/// The caller passes the ownership of the task's `Notified`.
#[inline(always)]
unsafe fn run(slot: SlotRef<Header>) {
    match slot.state.start() {
        // SAFETY: the state is RUNNING by us.
        OnStart::Poll { generation } => unsafe { poll_once(slot, generation) },
        // SAFETY: the state is RUNNING by us.
        OnStart::Cancel => unsafe { cancel(slot, false) },
        OnStart::Finished { last: false } => {}
        // SAFETY: the last owner has left with the `Notified`.
        OnStart::Finished { last: true } => unsafe { Header::release(slot) },
    }
}

/// # Safety
/// The state is RUNNING by the caller, and `generation` is the task's.
#[inline]
unsafe fn poll_once(slot: SlotRef<Header>, generation: usize) {
    // SAFETY: we run the task.
    let id = unsafe { slot.id() };
    // SAFETY: as above.
    let vtable = unsafe { slot.vtable() };
    let waker = waker::of(slot, generation);
    let mut cx = Context::from_waker(&waker);
    // SAFETY: the state is RUNNING by us.
    let poll = || unsafe { (vtable.poll)(slot, &mut cx) };
    match id.scope(|| coop::raw::budget(poll)) {
        PollOutcome::Pending => match slot.state.pend() {
            OnPending::Idle => {}
            OnPending::Requeue => {
                // SAFETY: the state is NOTIFIED, and we are the one to queue it.
                let notified = unsafe { Notified::new(slot) };
                // SAFETY: the `Notified` is ours.
                let scheduler = unsafe { Scheduler::of(slot) };
                // SAFETY: we run the scheduler's task.
                unsafe { scheduler.requeue(notified) };
            }
            // SAFETY: still RUNNING by us.
            OnPending::Cancel => unsafe { cancel(slot, false) },
        },
        // SAFETY: still RUNNING by us; the stage holds what `ending` says.
        PollOutcome::Ended(ending) => unsafe { complete(slot, id, ending, false) },
    }
}

/// Ends the task in `slot`, which was seized or not, without another poll.
///
/// # Safety
/// The state is RUNNING by the caller, and the stage holds the future.
#[cold]
pub(super) unsafe fn cancel(slot: SlotRef<Header>, seized: bool) {
    // SAFETY: we run the task.
    let id = unsafe { slot.id() };
    // SAFETY: as above.
    let vtable = unsafe { slot.vtable() };
    // SAFETY: by the caller's promise.
    let ending = id.scope(|| unsafe { (vtable.drop_future)(slot) });
    // SAFETY: RUNNING by the caller; the stage holds what `ending` says.
    unsafe { complete(slot, id, ending, seized) };
}

/// # Safety
/// The state is RUNNING by the caller, and the stage holds what `ending` says.
unsafe fn complete(slot: SlotRef<Header>, id: Id, ending: TaskOutcome, seized: bool) {
    // SAFETY: the task has not completed, which keeps the scheduler.
    let scheduler = unsafe { Scheduler::of(slot) };
    // SAFETY: as above.
    let location = unsafe { slot.location() };
    // SAFETY: as above.
    unsafe { scheduler.finished(id, location, ending == TaskOutcome::Panicked) };
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
