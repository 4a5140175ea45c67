//! What is observed of a runtime, in one byte, so that a wake and a poll find their path by one load and one comparison.

use selkie_core::raw::platform::{AtomicU8, Ordering};

/// Hooks, histograms, latencies.
pub(super) const OTHERS: u8 = 1;
/// The statistics of tasks are kept.
pub(super) const TRACKED: u8 = 2;
/// The recorder is on.
pub(super) const RECORDED: u8 = 4;

/// A set of these.
#[derive(Debug)]
pub(super) struct ObservedSet(AtomicU8);

impl ObservedSet {
    #[inline]
    pub(super) fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    /// Adds `what`, which whoever sees it may not find yet: it is then not observed for a moment longer.
    #[inline]
    pub(super) fn insert(&self, what: u8) {
        // Relaxed: the cells that hold what is observed have orders of their own; a wake or a poll more or less.
        self.0.fetch_or(what, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn remove(&self, what: u8) {
        // Relaxed: as in `insert`.
        self.0.fetch_and(!what, Ordering::Relaxed);
    }

    /// Whether any of `what` is observed.
    #[inline]
    pub(super) fn has_any(&self, what: u8) -> bool {
        // Relaxed: as in `insert`.
        self.0.load(Ordering::Relaxed) & what != 0
    }

    /// Whether `what` is observed, and nothing else.
    #[inline]
    pub(super) fn is(&self, what: u8) -> bool {
        // Relaxed: as in `insert`.
        self.0.load(Ordering::Relaxed) == what
    }
}
