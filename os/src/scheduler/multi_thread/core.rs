//! What the thread that runs a worker holds: it moves with the worker from thread to thread.

use selkie_core::task::OwnedTasks;
use selkie_core::time::TimersLease;

use super::super::random::Random;

/// Tasks that may run from the LIFO slot before the ring gets its turn.
pub(super) const LIFO_STREAK: u32 = 3;

/// One worker's own part.
pub(crate) struct Core {
    pub(super) index: usize,
    pub(super) tick: u32,
    /// Tasks in a row that came from the LIFO slot.
    pub(super) lifo_streak: u32,
    /// Whether the worker counts as searching.
    pub(super) searching: bool,
    pub(super) random: Random,
    pub(super) tasks: OwnedTasks,
    /// Kept for its drop, which shuts the worker's timers down.
    pub(super) _timers: Option<TimersLease>,
}
