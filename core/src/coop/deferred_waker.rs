//! Where the wakers of tasks that yield wait: until the executor has looked at its driver.
//!
//! Idea        A task that yields is to run behind everything that is queued, and behind what the next look at driver and timers
//!             brings. So its waker is not woken but handed to the executor, which keeps it until after that look.
//! States      per context: no executor keeps wakers ⇄ one keeps them: those of all tasks that yield, or only of tasks that are
//!             forced to yield
//! Rejected    A queue of wakers in this crate: it would need a heap, and the executor knows better when it has looked.

use core::task::Waker;

use crate::context_cell;

/// Takes a waker to be woken later, and says whether it did.
pub(super) type KeepFunction = fn(&Waker) -> bool;

context_cell! {
    /// Keeps wakers until the executor that runs here has looked at its driver.
    static DEFER: Option<KeepFunction> = None;
}

context_cell! {
    /// As [`DEFER`], for tasks that are forced to yield alone.
    static DEFER_FORCED: Option<KeepFunction> = None;
}

/// Sets where the wakers of tasks that yield are kept in this context.
///
/// `keep` says whether it took the waker, which is then woken when the executor has run what was
/// queued and has looked at its driver and timers.
#[inline]
pub fn set_deferral(keep: KeepFunction) {
    DEFER.set(Some(keep));
}

/// Has `waker` woken behind everything that is queued, and behind the next look at driver and
/// timers; at once where the executor keeps no wakers.
#[inline]
pub fn wake_deferred(waker: &Waker) {
    if !DEFER.get().is_some_and(|keep| keep(waker)) {
        waker.wake_by_ref();
    }
}

/// As [`set_deferral`], but for tasks that are forced to yield alone: what yields on its own waits in its queue.
///
/// Without it, an executor inside a task would go on and on once the task's budget is used up, woken at once by
/// each of its own tasks.
#[inline]
pub fn set_forced_deferral(keep: KeepFunction) {
    DEFER_FORCED.set(Some(keep));
}

/// Whether the executor that runs here keeps `waker`, whose task has used up its budget.
pub(super) fn is_kept(waker: &Waker) -> bool {
    let keeps = |keep: Option<KeepFunction>| keep.is_some_and(|keep| keep(waker));
    keeps(DEFER.get()) || keeps(DEFER_FORCED.get())
}

/// No deferral in this context until this drops.
pub(super) struct DeferralGuard([Option<KeepFunction>; 2]);

impl DeferralGuard {
    pub(super) fn new() -> Self {
        Self([DEFER.replace(None), DEFER_FORCED.replace(None)])
    }
}

impl Drop for DeferralGuard {
    fn drop(&mut self) {
        DEFER.set(self.0[0]);
        DEFER_FORCED.set(self.0[1]);
    }
}
