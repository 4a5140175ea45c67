//! What a driver is built with, if this build has one.

/// Events taken in one turn, unless configured otherwise.
const EVENTS_PER_TURN: usize = 1024;

/// What a driver is built with.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Events that one turn takes at most; the others wait in the kernel for the next turn.
    pub(crate) events_per_turn: usize,
    /// The same for a turn between tasks, which does not sleep.
    pub(crate) events_per_busy_turn: usize,
    /// Whether operations may use completion rings.
    pub(crate) ring: bool,
    /// Threads that run tasks.
    pub(crate) workers: usize,
    /// Whether each worker has a reactor of its own, if that is not left to their number.
    pub(crate) reactor_per_worker: Option<bool>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            events_per_turn: EVENTS_PER_TURN,
            events_per_busy_turn: EVENTS_PER_TURN,
            ring: false,
            workers: 1,
            reactor_per_worker: None,
        }
    }
}
