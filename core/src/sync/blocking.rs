//! Waiting that blocks the thread, for callers outside of any task.
//!
//! Idea        `blocking_*` methods poll the async operation on the calling thread and park it.
//!             A thread that drives a runtime must not do so: its tasks would not run meanwhile. So the
//!             runtime marks its threads here and the methods panic on them.
//! States      of a thread:  free to block ⇄ forbidden
//! Rejected    Blocking all the same when forbidden: it works until the task that would wake us is
//!             on the same thread, and then it hangs without a message.

use core::future::Future;

use crate::context_cell;
use crate::coop::raw::Budget;
use crate::coop::{self};
use crate::platform::{self, HAS_THREADS};
use crate::time::raw::{Current, current};

context_cell! {
    static FORBIDDEN: bool = false;
}

/// Says whether this thread may not block, and returns what held before. A runtime calls it
/// around the time in which the thread drives tasks.
#[inline]
pub fn forbid_blocking(forbidden: bool) -> bool {
    FORBIDDEN.replace(forbidden)
}

/// Whether this thread drives tasks and may not block.
pub fn is_blocking_forbidden() -> bool {
    FORBIDDEN.get()
}

/// Parks the thread until `future` is ready.
///
/// # Panics
/// If the thread drives a runtime's tasks; without threads, if an executor runs here, or was
/// interrupted here.
#[track_caller]
pub(super) fn wait<F: Future>(future: F) -> F::Output {
    assert!(
        !FORBIDDEN.get(),
        "Cannot block the current thread from within a runtime. This happens because a function attempted \
         to block the current thread while the thread is being used to drive asynchronous tasks. If you \
         are in an async function, use the method to `.await` instead"
    );
    assert!(
        HAS_THREADS || matches!(current(), Current::Absent),
        "cannot block where an executor runs, or was interrupted: use the async method"
    );
    wait_anyway(future)
}

/// Parks the thread until `future` is ready, also where tasks are driven: only for waits that
/// end without the help of this thread's tasks.
pub(super) fn wait_anyway<F: Future>(future: F) -> F::Output {
    coop::raw::with_budget(Budget::unlimited(), || platform::block_on(future))
}
