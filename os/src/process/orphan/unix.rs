//! Children whose handle was dropped.
//!
//! Idea        A child that nobody waits for must still be reaped, or its entry stays as a zombie. Its pidfd stays
//!             registered with the driver, and the waker that the driver holds is the orphan itself: woken by the
//!             exit of the child, it reaps the child and is dropped. A child without a pidfd gets a thread that
//!             waits.
//! States      kept (the driver holds the orphan as a waker) ─exit→ reaped;
//!             kept ─the driver shuts down→ given to a thread ─exit→ reaped
//! Invariants  I1 the cycle orphan → source → driver → waker → orphan is broken by the wake for the exit, which
//!                takes everything out.
//! Rejected    A handler for SIGCHLD: it belongs to the whole process, which may have its own.

use std::process::Child;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use selkie_core::raw::coop::{Budget, with_budget};
use selkie_core::raw::platform::Lock;

use crate::process::exit::{ExitListener, try_wait};
use crate::threads::start_library_thread;

/// A child that nobody waits for.
#[derive(Debug)]
struct Orphan {
    kept: Lock<Option<(Child, ExitListener)>>,
}

/// Ensures that `child` is reaped.
#[inline]
pub(in crate::process) fn adopt(mut child: Child, listener: ExitListener) {
    if !matches!(try_wait(&mut child), Ok(None)) {
        return;
    }
    match listener {
        ExitListener::Pidfd(_) => {
            Arc::new(Orphan {
                kept: Lock::new(Some((child, listener))),
            })
            .wait();
        }
        ExitListener::Sigchld(_) => reap(child),
    }
}

/// Waits for the exit of `child` on a thread.
#[inline]
pub(in crate::process) fn reap(mut child: Child) {
    // The status was nobody's.
    let reap = move || drop(child.wait());
    // If the system gives no thread, the child is reaped when this process ends.
    let _ = start_library_thread("selkie-reaper", Box::new(reap));
}

impl Orphan {
    /// Leaves this orphan to the driver, or reaps the child now.
    #[inline]
    fn wait(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut kept = self.kept.lock();
        let Some((child, listener)) = kept.as_mut() else {
            return;
        };
        // Without a limit: an exhausted budget would wake this waker while the lock is held.
        let end = with_budget(Budget::unlimited(), || {
            listener.poll_end(&mut Context::from_waker(&waker), child)
        });
        if end.is_pending() {
            return;
        }
        let done = kept.take(); // I1
        drop(kept);
        if let (Poll::Ready(Err(_)), Some((child, _watch))) = (end, done) {
            reap(child);
        }
    }
}

impl Wake for Orphan {
    #[inline]
    fn wake(self: Arc<Self>) {
        self.wait();
    }
}
