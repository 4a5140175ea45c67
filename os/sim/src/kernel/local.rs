//! What a real thread knows of its position in the simulation.

use std::cell::Cell;

use crate::ids::ThreadId;

thread_local! {
    /// The simulated thread that this thread is, plus one.
    static CURRENT: Cell<u32> = const { Cell::new(0) };
    /// Whether it runs the simulation's own code.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Whether calls of this thread belong to the simulation: it is one of its threads, and not in the simulation's own code.
pub(crate) fn is_simulated() -> bool {
    CURRENT.get() != 0 && !INSIDE.get()
}

/// The simulated thread that this thread is.
pub(super) fn current() -> Option<ThreadId> {
    CURRENT.get().checked_sub(1).map(ThreadId)
}

pub(super) fn set_current(thread: Option<ThreadId>) {
    CURRENT.set(thread.map_or(0, |thread| thread.0 + 1));
}

/// While it lives, this thread is in the simulation's own code.
#[derive(Debug)]
pub(super) struct InsideGuard(bool);

impl InsideGuard {
    pub(super) fn enter() -> Self {
        Self(INSIDE.replace(true))
    }
}

impl Drop for InsideGuard {
    fn drop(&mut self) {
        INSIDE.set(self.0);
    }
}
