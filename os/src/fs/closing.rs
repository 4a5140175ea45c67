//! The end of an open file.
//!
//! Idea        To close a file asks its server, if it has one, and waits for the answer, as every other call does. So a
//!             file that is known to have one is closed by the pool, with nobody who waits for it.
//! Invariants  I1 what is closed by the pool is closed also if the runtime shuts down.
//!             I2 whoever was shown the descriptor, or had it before, may have placed locks on it, which go with the last
//!                of its clones, and has a reason to count on that: all are closed where they are dropped.
//! Rejected    To close all files so, or all that are not known to be local: a lock that is to be gone would go later, a
//!             program just written would be busy, who reads a pipe to its end may be what keeps the pool busy, and
//!             Windows mark_may_block to remove what is open.

use std::fs::File;

use crate::blocking::BlockingKind;
use crate::context::{EnterRuntime, Handle, is_inside_runtime};
use crate::sys::FileClass;

/// Closes `file`; `closes_inline` says whether here, whatever it is (I2).
pub(super) fn close(file: File, class: FileClass, closes_inline: bool) {
    if closes_inline || class != FileClass::Remote {
        return drop(file);
    }
    let Ok(handle) = Handle::try_current() else {
        return drop(file);
    };
    let is_thread_of_pool =
        handle.inner.blocking.is_here() && is_inside_runtime() == EnterRuntime::Outside;
    if is_thread_of_pool {
        return drop(file);
    }
    // I1. Without a thread it is closed here after all.
    let (task, _started) =
        handle.spawn_blocking_or_cancel(BlockingKind::FileClose, None, move || drop(file));
    drop(task);
}
