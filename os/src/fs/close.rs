//! How an open file is closed.
//!
//! Idea        Closing a file on a network file system asks its server, and waits for the answer, as every other
//!             call does. So such a file is closed on the pool, and nobody waits for that.
//! Invariants  I1 a file that is left to the pool is closed even if the runtime shuts down.
//!             I2 a file whose descriptor was exposed, or came from outside, is closed by the thread that drops it:
//!                the program may have set locks on it, and may rely on their release when the last clone is
//!                closed.
//! Rejected    To close all files on the pool, or all that are not known to be local: a lock would be released
//!             later than expected, a program that was just written would be busy, a reader of a pipe may be what
//!             keeps the pool busy, and Windows refuses to remove a file that is open.

use std::fs::File;

use crate::blocking::BlockingKind;
use crate::context::{EnterRuntime, Handle, is_inside_runtime};
use crate::sys::FileClass;
use crate::task::LibraryJob;

/// Closes `file`. `closes_inline`: on this thread, whatever the class (I2).
#[inline]
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
    // I1. If the pool has no thread, the file is closed here after all.
    let _closing = LibraryJob::begin(&handle, BlockingKind::FileClose, move || drop(file));
}
