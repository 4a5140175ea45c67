//! Polls of the futures that `block_on` is given, for a watchdog.
//!
//! Idea        Each poll raises a number at its begin and at its end, so that the number is odd inside a poll, and another one
//!             in the next. Without a watchdog nothing is counted.
//! Invariants  I1 one thread counts: the one that called `block_on`.

use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use selkie_core::task::{Id, current_id};

use super::observed_thread::ObservedThread;

/// The polls of one `block_on`.
#[derive(Debug)]
pub(super) struct RootPoll {
    /// Odd inside a poll.
    count: AtomicUsize,
    pub(super) called_at: &'static Location<'static>,
    pub(super) thread: Arc<ObservedThread>,
    /// The task that called `block_on`.
    outer: Option<Id>,
}

impl RootPoll {
    /// Of a `block_on` on this thread; `None` if nobody can look at the thread.
    pub(super) fn here(called_at: &'static Location<'static>) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            count: AtomicUsize::new(0),
            called_at,
            thread: ObservedThread::here()?,
            outer: current_id(),
        }))
    }

    /// The number of the poll that goes on.
    pub(super) fn current(&self) -> Option<usize> {
        // Relaxed: a figure for readers.
        let count = self.count.load(Ordering::Relaxed);
        (count % 2 == 1).then_some(count)
    }

    /// The task that is polled inside the future.
    pub(super) fn inner_task(&self) -> Option<Id> {
        let task = self.thread.current_task();
        task.filter(|task| Some(*task) != self.outer)
    }

    fn step(&self) {
        // Relaxed: one thread writes (I1).
        let count = self.count.load(Ordering::Relaxed).wrapping_add(1);
        self.count.store(count, Ordering::Relaxed);
    }
}

/// A registered `block_on`; dropped when that is over.
#[derive(Debug)]
pub(crate) struct RootGuard {
    pub(super) root: Arc<RootPoll>,
    pub(super) roots: Arc<Roots>,
}

/// The futures that are watched.
pub(super) type Roots = std::sync::Mutex<Vec<Arc<RootPoll>>>;

impl Drop for RootGuard {
    fn drop(&mut self) {
        let roots = self.roots.lock();
        let mut roots = roots.unwrap_or_else(std::sync::PoisonError::into_inner);
        roots.retain(|root| !Arc::ptr_eq(root, &self.root));
    }
}

/// Counts the end of a poll, also on unwinding.
pub(crate) struct PollGuard<'a>(&'a RootPoll);

impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        self.0.step();
    }
}

impl RootGuard {
    /// Counts the begin of a poll, and its end when the guard drops.
    pub(crate) fn poll(&self) -> PollGuard<'_> {
        self.root.step();
        PollGuard(&self.root)
    }
}
