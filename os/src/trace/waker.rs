//! A waker of a task that reports what happens to it.
//!
//! Idea        A reference-counted waker around the task's own waker. Each clone, wake and drop is an event with the target
//!             `tokio::task::waker` and the task's span in `task.id`. The future keeps one such waker for all its polls,
//!             and lends it to each of them without a clone.
//! Invariants  I1 a waker's data points to a `SpanWaker` in an `Arc`; the functions of the vtable own a count of it as the
//!                contract of wakers says.
//! Rejected    Events in the scheduler's own vtable: a branch in every wake, also without the feature.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::{Context, RawWaker, RawWakerVTable, Waker};

use tracing::trace;

#[derive(Debug)]
struct SpanWaker {
    waker: Waker,
    span: u64,
}

impl SpanWaker {
    fn tell(&self, op: &'static str) {
        trace!(target: "tokio::task::waker", op = op, task.id = self.span);
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_told);

/// Borrows the waker's data.
///
/// # Safety
/// `data` is that of a waker of this vtable (I1).
unsafe fn span_waker(data: *const ()) -> ManuallyDrop<Arc<SpanWaker>> {
    // SAFETY: made by `Arc::into_raw` or `as_ptr` of one that lives, by the caller's promise.
    ManuallyDrop::new(unsafe { Arc::from_raw(data.cast::<SpanWaker>()) })
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: called by a waker of this vtable.
    let told = unsafe { span_waker(data) };
    told.tell("waker.clone");
    RawWaker::new(Arc::into_raw(Arc::clone(&told)).cast(), &VTABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: as above, and the waker's count is ours.
    let told = ManuallyDrop::into_inner(unsafe { span_waker(data) });
    told.tell("waker.wake");
    told.waker.wake_by_ref();
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: called by a waker of this vtable.
    let told = unsafe { span_waker(data) };
    told.tell("waker.wake_by_ref");
    told.waker.wake_by_ref();
}

unsafe fn drop_told(data: *const ()) {
    // SAFETY: as above, and the waker's count is ours.
    let told = ManuallyDrop::into_inner(unsafe { span_waker(data) });
    told.tell("waker.drop");
}

/// The waker that a task's future is polled with.
#[derive(Debug)]
pub(super) struct TracedWaker {
    span: u64,
    /// The one of the last poll.
    reused: Option<Arc<SpanWaker>>,
}

impl TracedWaker {
    /// For the task whose span has this number.
    pub(super) const fn new(span: u64) -> Self {
        Self { span, reused: None }
    }

    /// Runs `poll` with a waker that tells, and wakes as `waker`.
    pub(super) fn with<R>(&mut self, waker: &Waker, poll: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let told = match &mut self.reused {
            Some(told) if told.waker.will_wake(waker) => told,
            reused => reused.insert(Arc::new(SpanWaker {
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
