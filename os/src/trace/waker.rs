//! A task's waker that tells of what happens to it.
//!
//! Idea        A counted waker around the task's own. Each clone, wake and drop is an event of the target
//!             `tokio::task::waker` with the task's span in `task.id`. The future keeps one for all its
//!             polls and lends it to each without a clone.
//! Invariants  I1 a waker's data is a counted pointer to a `Told`; the vtable's functions own a count as the
//!             contract of wakers says.
//! Rejected    Events in the scheduler's own vtable: a branch in every wake, with the feature off, too.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::{Context, RawWaker, RawWakerVTable, Waker};

use tracing::trace;

#[derive(Debug)]
struct Told {
    waker: Waker,
    span: u64,
}

impl Told {
    fn tell(&self, op: &'static str) {
        trace!(target: "tokio::task::waker", op = op, task.id = self.span);
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_told);

/// Borrows the waker's data.
///
/// # Safety
/// `data` is that of a waker of this vtable (I1).
unsafe fn told(data: *const ()) -> ManuallyDrop<Arc<Told>> {
    // SAFETY: made by `Arc::into_raw` or `as_ptr` of one that lives, by the caller's promise.
    ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<Told>()) })
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: called by a waker of this vtable.
    let told = unsafe { told(data) };
    told.tell("waker.clone");
    RawWaker::new(Arc::into_raw(Arc::clone(&told)).cast(), &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: as above, and the waker's count is ours.
    let told = ManuallyDrop::into_inner(unsafe { told(data) });
    told.tell("waker.wake");
    told.waker.wake_by_ref();
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: called by a waker of this vtable.
    let told = unsafe { told(data) };
    told.tell("waker.wake_by_ref");
    told.waker.wake_by_ref();
}

unsafe fn drop_told(data: *const ()) {
    // SAFETY: as above, and the waker's count is ours.
    let told = ManuallyDrop::into_inner(unsafe { told(data) });
    told.tell("waker.drop");
}

/// The waker that a task's future is polled with.
#[derive(Debug)]
pub(super) struct TracedWaker {
    span: u64,
    /// The one of the last poll.
    told: Option<Arc<Told>>,
}

impl TracedWaker {
    /// For the task whose span has this number.
    pub(super) const fn new(span: u64) -> Self {
        Self { span, told: None }
    }

    /// Runs `poll` with a waker that tells, and wakes as `waker`.
    pub(super) fn with<R>(&mut self, waker: &Waker, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let told = match &mut self.told {
            Some(told) if told.waker.will_wake(waker) => told,
            told => told.insert(Arc::new(Told {
                waker: waker.clone(),
                span: self.span,
            })),
        };
        let raw = RawWaker::new(Arc::as_ptr(told).cast(), &VTABLE);
        // SAFETY: the data is counted (I1); the waker is not dropped, so it needs no count of its own, and
        // `told` outlives it.
        let lent = ManuallyDrop::new(unsafe { Waker::from_raw(raw) });
        poll(&mut Context::from_waker(&lent))
    }
}
