//! Where a scheduler finds its table of probes, once there is one.
//!
//! Idea        A spawn, a wake and a poll look whether a table is attached: a load and a comparison. A table may be attached by the
//!             builder, or later, while the runtime runs, and then stays: whoever looks sees none, or the one that there will be.
//! States      empty → attached
//! Invariants  I1 the table is attached at most once, complete, and is there as long as the scheduler.
//! Rejected    A table that can be detached: every poll would have to hold it, by two atomic operations. What can be switched off
//!             has a switch within the table.

use std::sync::{Arc, OnceLock};

use super::observer::Observer;
use super::probes::Probes;

/// The place of a runtime's table of probes; the scheduler has one, and the blocking pool.
#[derive(Debug)]
pub(crate) struct ProbesSlot(OnceLock<Arc<dyn Observer>>);

impl ProbesSlot {
    /// With the table that the builder was asked for, if it was.
    #[inline]
    pub(crate) fn new(probes: Option<&Arc<dyn Observer>>) -> Self {
        Self(probes.map_or_else(OnceLock::new, |probes| Arc::clone(probes).into()))
    }

    /// The table, if one is attached.
    #[inline]
    pub(crate) fn get(&self) -> Option<&dyn Observer> {
        self.0.get().map(|probes| &**probes)
    }

    /// The table; attaches an empty one if there is none (I1).
    #[inline]
    pub(crate) fn attach(&self) -> &Arc<dyn Observer> {
        self.0.get_or_init(|| Arc::new(Probes::empty()))
    }

    /// Attaches the table of another slot of the runtime.
    #[inline]
    pub(crate) fn share(&self, probes: &Arc<dyn Observer>) {
        self.0.get_or_init(|| Arc::clone(probes));
    }
}
