//! Whether a runtime was made in this process, or in one that this was forked from.
//!
//! Idea        A handler that `fork` calls in the child counts; what was made at another count came
//!             along with the parent's memory, without the parent's threads.
//! Rejected    The process's number: a system call for each `block_on`.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Forks between the first runtime of all and this process.
static FORKS: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" fn in_the_child() {
    // Relaxed: a process that was just forked has one thread.
    FORKS.fetch_add(1, Ordering::Relaxed);
}

/// The process that something was made in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Birth(u32);

impl Birth {
    /// This process.
    pub(crate) fn here() -> Self {
        static IS_WATCHED: AtomicBool = AtomicBool::new(false);
        // Relaxed: who finds it false registers the handler itself; twice, it counts twice, which is as well.
        if !IS_WATCHED.load(Ordering::Relaxed) {
            // SAFETY: the handler is one atomic operation, and part of this program for good. Should
            // there be no memory for it, forks are not noticed, and the next who asks tries again.
            let outcome = unsafe { libc::pthread_atfork(None, None, Some(in_the_child)) };
            IS_WATCHED.store(outcome == 0, Ordering::Relaxed); // Relaxed: as above.
        }
        // Relaxed: see above.
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Fails in a process that was forked since.
    ///
    /// # Panics
    /// There.
    #[track_caller]
    #[inline]
    pub(crate) fn assert_here(self) {
        assert!(
            self.is_here(),
            "this runtime belongs to the process that this one was forked from: its threads and its \
             reactor are there; make a new one"
        );
    }

    /// Whether this is that process.
    #[inline]
    pub(crate) fn is_here(self) -> bool {
        // Relaxed: see above.
        self.0 == FORKS.load(Ordering::Relaxed)
    }
}
