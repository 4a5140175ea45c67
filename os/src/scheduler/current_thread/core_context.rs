//! The core of the current thread, where wakers on that thread find it.
//!
//! Idea        A task that is woken on the thread of the core goes straight into the queue of the core; one that is
//!             woken elsewhere goes through the inject queue and unparks the thread.
//! Invariants  I1 `CURRENT` points to a `CoreContext` on the stack of this very thread, or is null.
//!             I2 the core is borrowed briefly, never while a task or foreign code runs.
#![allow(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;

use selkie_core::raw::coop;
use selkie_core::raw::task::{Notified, Schedule, is_of_task};
use selkie_core::task::Id;

use super::shared::{Core, CurrentThread};

/// The core of the running thread, for tasks and wakers that run inside it.
pub(super) struct CoreContext {
    pub(super) scheduler: *const CurrentThread,
    pub(super) core: RefCell<Option<Box<Core>>>,
}

thread_local! {
    static CURRENT: Cell<*const CoreContext> = const { Cell::new(std::ptr::null()) };
}

/// Calls `f` with the core if the running thread has the core of `scheduler`.
pub(super) fn with_core<R>(
    scheduler: *const CurrentThread,
    f: impl FnOnce(&mut Core) -> R,
) -> Option<R> {
    let running = CURRENT.try_with(Cell::get).ok()?;
    if running.is_null() {
        return None;
    }
    // SAFETY: set while the `CoreContext` it points to is on this thread's stack.
    let running = unsafe { &*running };
    if !std::ptr::eq(running.scheduler, scheduler) {
        return None;
    }
    running.core.borrow_mut().as_deref_mut().map(f)
}

/// The thread is `core_context` from now on, or, with null, nobody; returns what it was.
pub(super) fn set_current(running: *const CoreContext) -> *const CoreContext {
    if !running.is_null() {
        // It stays installed: on a thread without a core it defers nothing.
        coop::set_deferral(keep_deferred);
    }
    CURRENT.with(|slot| slot.replace(running))
}

/// Keeps `waker` until the scheduler that this thread drives has looked at its driver.
fn keep_deferred(waker: &Waker) -> bool {
    // SAFETY: set while the `CoreContext` it points to is on this thread's stack (I1).
    let Some(running) = (unsafe { CURRENT.get().as_ref() }) else {
        return false;
    };
    if let Some(core) = running.core.borrow_mut().as_mut() {
        if core
            .deferred
            .last()
            .is_some_and(|last| last.will_wake(waker))
        {
            return true; // A waker that is deferred again and again is woken once.
        }
        if is_of_task(waker) {
            core.deferred.push(waker.clone());
            return true;
        }
    } else {
        return false;
    }
    let waker = waker.clone(); // I2: it may be foreign code.
    if let Some(core) = running.core.borrow_mut().as_mut() {
        core.deferred.push(waker);
        return true;
    }
    false
}

/// Whether this thread drives a scheduler of this kind.
pub(crate) fn drives_here() -> bool {
    CURRENT
        .try_with(|running| !running.get().is_null())
        .unwrap_or(false)
}

impl CoreContext {
    /// Queues `task` if the core is here, for `scheduler`.
    ///
    /// # Errors
    /// The task, if it is not.
    #[inline]
    fn push(&self, scheduler: &CurrentThread, task: Notified) -> Result<(), Notified> {
        if !std::ptr::eq(self.scheduler, scheduler) {
            return Err(task);
        }
        let mut core = self.core.borrow_mut();
        let Some(core) = core.as_deref_mut() else {
            return Err(task);
        };
        scheduler.counters.local_schedules.increment();
        core.queue.push_back(task);
        Ok(())
    }
}

/// Queues `task` with the core if this thread has it, else from outside.
///
/// # Safety
/// As for [`Schedule::schedule`].
#[inline]
unsafe fn push(this: NonNull<CurrentThread>, task: Notified) {
    // SAFETY: the notified task keeps the runtime from closing, and so the scheduler alive.
    let scheduler = unsafe { this.as_ref() };
    scheduler.tell_queued(&task);
    // SAFETY: set while the `CoreContext` it points to is on this thread's stack (I1).
    let pushed = match unsafe { CURRENT.get().as_ref() } {
        Some(running) => running.push(scheduler, task),
        None => Err(task),
    };
    if let Err(task) = pushed {
        // SAFETY: by the caller's promise.
        unsafe { push_from_outside(this, task) };
    }
}

/// # Safety
/// As for [`Schedule::schedule`].
#[cold]
unsafe fn push_from_outside(this: NonNull<CurrentThread>, task: Notified) {
    // SAFETY: the notified task keeps the runtime from closing, and so the `Arc` alive; from here on we hold
    // it ourselves.
    unsafe { Arc::increment_strong_count(this.as_ptr()) };
    // SAFETY: the count just taken.
    let this = unsafe { Arc::from_raw(this.as_ptr()) };
    this.push_remote(task);
}

// SAFETY: a scheduler that was built for one thread has tasks that are not `Send`; others' are.
unsafe impl Schedule for CurrentThread {
    fn may_drop_tasks_here(&self) -> bool {
        self.owner
            .is_none_or(|owner| owner == std::thread::current().id())
    }

    #[inline]
    unsafe fn schedule(this: NonNull<Self>, task: Notified) {
        // SAFETY: by the caller's promise.
        unsafe { push(this, task) };
    }

    #[inline]
    fn finished(&self, id: Id, location: &'static Location<'static>, panicked: bool) {
        if let Some(probes) = self.probes() {
            probes.finished(id, location);
        }
        self.counters.finished.increment();
        if panicked && self.config.ends_on_panic {
            self.end_by_panic();
        }
    }
}

impl CurrentThread {
    /// Whether this thread has the core.
    pub(crate) fn is_driven_here(&self) -> bool {
        with_core(self, |_core| ()).is_some()
    }

    /// A task has panicked: whoever is in `block_on` ends every task, and panics.
    #[cold]
    fn end_by_panic(&self) {
        // Release: pairs with the Acquire in `has_unhandled_panic`.
        self.unhandled_panic.store(true, Ordering::Release);
    }

    /// How many tasks wait in the queue of the core; elsewhere than on its thread, at the last look
    /// at the driver.
    pub(crate) fn local_len(&self) -> usize {
        let published = self.counters.queue_depth.get();
        with_core(self, |core| core.queue.len())
            .unwrap_or(usize::try_from(published).unwrap_or(usize::MAX))
    }
}
