//! What the thread that runs a worker holds: it moves with the worker from thread to thread.

use selkie_core::task::OwnedTasks;
use selkie_core::time::TimersLease;

use super::super::random::Random;

/// One worker's own part.
pub(crate) struct Core {
    pub(super) index: usize,
    pub(super) random: Random,
    pub(super) tasks: OwnedTasks,
    /// Kept for its drop, which shuts the worker's timers down.
    pub(super) _timers: Option<TimersLease>,
}
