//! What the thread that runs a worker holds: it moves with the worker from thread to thread.

use selkie_core::raw::random::Random;
use selkie_core::raw::task::{OwnedTasks, Schedule};
use selkie_core::raw::time::TimersLease;

/// One worker's own part, in the scheduler `S`.
pub(super) struct Core<S: Schedule> {
    pub(super) index: usize,
    pub(super) random: Random,
    pub(super) tasks: OwnedTasks<S>,
    /// Kept for its drop, which shuts the worker's timers down.
    pub(super) timers: Option<TimersLease>,
}
