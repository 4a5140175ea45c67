//! Fork detection: whether something belongs to this process, or to one that this process was forked from.
//!
//! Idea        `fork` copies the memory of the parent but none of its threads. A handler that the C library calls in
//!             the child counts the forks; what was made at another count came along with the parent's memory. A
//!             system without forks, and a build without the C library, has a count that never changes.
//! Rejected    To compare process numbers: that is a system call for each `block_on`.
#![allow(unsafe_code)]

/// The process that something was made in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwningProcess(u32);

impl OwningProcess {
    /// The calling process.
    pub(crate) fn current() -> Self {
        forks::install_handler();
        Self(forks::count())
    }

    /// Panics in a process that was forked since.
    ///
    /// # Panics
    /// If the calling process is not the one that this was made in.
    #[track_caller]
    #[inline]
    pub(crate) fn assert_current(self) {
        assert!(
            self.is_current(),
            "this runtime belongs to the process that this one was forked from: its threads and its \
             reactor are there; make a new one"
        );
    }

    /// Whether the calling process is the one that this was made in.
    #[inline]
    pub(crate) fn is_current(self) -> bool {
        self.0 == forks::count()
    }
}

#[cfg(all(unix, any(feature = "fs", feature = "reactor")))]
mod forks {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    /// Forks between the process that made the first runtime and this process.
    static FORKS: AtomicU32 = AtomicU32::new(0);

    unsafe extern "C" fn count_in_child() {
        // Relaxed: a process that was just forked has one thread.
        FORKS.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn install_handler() {
        static IS_INSTALLED: AtomicBool = AtomicBool::new(false);
        // Relaxed: a thread that reads false installs the handler itself. Two handlers count twice, which does no harm.
        if !IS_INSTALLED.load(Ordering::Relaxed) {
            // SAFETY: the handler is one atomic operation, and stays part of this program. If there is no
            // memory for it, forks are not noticed, and the next caller tries again.
            let outcome = unsafe { libc::pthread_atfork(None, None, Some(count_in_child)) };
            IS_INSTALLED.store(outcome == 0, Ordering::Relaxed); // Relaxed: as above.
        }
    }

    #[inline]
    pub(super) fn count() -> u32 {
        // Relaxed: see `count_in_child`.
        FORKS.load(Ordering::Relaxed)
    }
}

#[cfg(not(all(unix, any(feature = "fs", feature = "reactor"))))]
mod forks {
    pub(super) fn install_handler() {}

    #[inline]
    pub(super) fn count() -> u32 {
        0
    }
}
