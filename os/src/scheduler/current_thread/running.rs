//! The core of the running thread, where wakers on that thread find it.
//!
//! Idea        A task woken on the core's thread goes straight into the core's queue; one woken
//!             elsewhere goes through the inject queue and unparks.
//! Invariants  I1 `RUNNING` points to a `Running` on the stack of this very thread, or is null.
//!             I2 the core is borrowed for moments only, never while a task or foreign code runs.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;

use selkie_core::task::{Id, Notified, Schedule};

use super::core::Core;
use super::shared::CurrentThread;

/// The core of the running thread, for tasks and wakers that run inside it.
pub(super) struct Running {
    pub(super) scheduler: *const CurrentThread,
    pub(super) core: RefCell<Option<Box<Core>>>,
}

thread_local! {
    static RUNNING: Cell<*const Running> = const { Cell::new(std::ptr::null()) };
}

/// Calls `f` with the core if the running thread has the core of `scheduler`.
pub(super) fn with_core<R>(
    scheduler: *const CurrentThread,
    f: impl FnOnce(&mut Core) -> R,
) -> Option<R> {
    let running = RUNNING.try_with(Cell::get).ok()?;
    if running.is_null() {
        return None;
    }
    // SAFETY: set while the `Running` it points to is on this thread's stack.
    let running = unsafe { &*running };
    if !std::ptr::eq(running.scheduler, scheduler) {
        return None;
    }
    running.core.borrow_mut().as_deref_mut().map(f)
}

/// The thread is `running` from now on, or, with null, nobody; returns what it was.
pub(super) fn set_running(running: *const Running) -> *const Running {
    RUNNING.with(|slot| slot.replace(running))
}

// SAFETY: every task's owner is this scheduler, in an `Arc` that the runtime holds until `shutdown`
// has closed the owners.
unsafe impl Schedule for CurrentThread {
    unsafe fn schedule(this: NonNull<Self>, token: Notified) {
        let mut token = Some(token);
        with_core(this.as_ptr(), |core| core.queue.extend(token.take()));
        let Some(token) = token else { return };
        // SAFETY: the token keeps the runtime from closing, and so the `Arc` alive; from here on
        // we hold it ourselves.
        unsafe { Arc::increment_strong_count(this.as_ptr()) };
        // SAFETY: the count just taken.
        let this = unsafe { Arc::from_raw(this.as_ptr()) };
        this.push_remote(token);
    }

    unsafe fn requeue(this: NonNull<Self>, token: Notified) {
        // SAFETY: by the caller's promise.
        unsafe { Self::schedule(this, token) };
    }

    fn finished(&self, _id: Id, _location: &'static Location<'static>, _panicked: bool) {
        self.counters.finished.increment();
    }
}
