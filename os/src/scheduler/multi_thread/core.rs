//! What the thread that runs a worker holds: it moves with the worker from thread to thread.

use selkie_core::raw::random::Random;
use selkie_core::raw::task::{OwnedTasks, Schedule};
use selkie_core::raw::time::TimersOwner;

/// One worker's own part, in the scheduler `S`.
pub(super) struct Core<S: Schedule> {
    pub(super) index: usize,
    pub(super) random: Random,
    pub(super) tasks: OwnedTasks<S>,
    /// By which the worker parks for its timers; its drop shuts them down.
    pub(super) timers: Option<TimersOwner>,
}
