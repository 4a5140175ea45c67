//! Children whose handle is gone.
//!
//! Idea        A child that nobody waits for must still be reaped, or its entry stays. Its
//!             descriptor stays with the driver, and the waker that the driver holds is the orphan
//!             itself: woken by the child's end, it reaps and is gone. A child without a descriptor
//!             gets a thread that waits.
//! States      kept (the driver holds the orphan as a waker) ─end→ reaped;
//!             kept ─driver gone→ given to a thread ─end→ reaped
//! Invariants  I1 the circle orphan → source → driver → waker → orphan is broken by the wake that
//!                tells of the end, which takes everything out.
//! Rejected    A handler for SIGCHLD: it belongs to the whole process, which may have its own.

use std::process::Child;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use selkie_core::raw::coop::{Budget, with_budget};
use selkie_core::raw::platform::Lock;

use super::exit::{Watch, try_wait};

/// A child that nobody waits for.
#[derive(Debug)]
struct Orphan {
    kept: Lock<Option<(Child, Watch)>>,
}

/// Sees to it that `child` is reaped.
pub(super) fn adopt(mut child: Child, watch: Watch) {
    if !matches!(try_wait(&mut child), Ok(None)) {
        return;
    }
    match watch {
        Watch::Descriptor(_) => {
            Arc::new(Orphan {
                kept: Lock::new(Some((child, watch))),
            })
            .wait();
        }
        Watch::Signal(_) => reap(child),
    }
}

/// Waits for the end of `child` in a thread.
pub(super) fn reap(mut child: Child) {
    let reaper = std::thread::Builder::new().name("selkie-reaper".to_owned());
    // Without a thread the child is reaped when this process ends.
    let _ = reaper.spawn(move || child.wait());
}

impl Orphan {
    /// Leaves this orphan with the driver, or reaps it now.
    fn wait(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let mut kept = self.kept.lock();
        let Some((child, watch)) = kept.as_mut() else {
            return;
        };
        // Without a limit: at its end the budget would wake this waker, and the lock is held.
        let end = with_budget(Budget::unlimited(), || {
            watch.poll_end(&mut Context::from_waker(&waker), || try_wait(child))
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
    fn wake(self: Arc<Self>) {
        self.wait();
    }
}
