//! Which sleeping worker is the monitor; at most one.
//!
//! States      nobody ⇄ worker i
//! Invariants  I1 while a worker runs, some sleeper has the role, or the worker that wakes finds that nobody has it: whoever
//!                gives the role up checks the sleepers after it, and whoever wakes clears its sleeper's bit before it
//!                checks the role. One of the two sees the other.
//! Rejected    Plain stores and loads: if the last sleeper wakes just as the role is given up, nobody looks after the driver,
//!             timers and LIFO slot of a stuck worker.

use selkie_core::raw::platform::{AtomicUsize, Ordering, fence};

use super::idle::Idle;

/// Nobody has the role.
const NOBODY: usize = usize::MAX;

/// The role, by the number of the worker that has it.
#[derive(Debug)]
pub(super) struct MonitorRole(AtomicUsize);

impl MonitorRole {
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(NOBODY))
    }

    /// Who has the role.
    pub(super) fn holder(&self) -> Option<usize> {
        // Relaxed: where it matters, `leave` orders it.
        let holder = self.0.load(Ordering::Relaxed);
        (holder != NOBODY).then_some(holder)
    }

    /// Worker `index` has the role from now on, whoever had it.
    pub(super) fn take(&self, index: usize) {
        // Relaxed: a role, not a guard; two watchers, or none for a moment, do no harm.
        self.0.store(index, Ordering::Relaxed);
    }

    /// Worker `index` wakes to run tasks. `true`: nobody looks after others now, and somebody has to.
    pub(super) fn leave(&self, index: usize) -> bool {
        // SeqCst: pairs with the fence in `give_up`: the caller's change of the sleepers is seen there,
        // or what was stored there is seen here (I1).
        fence(Ordering::SeqCst);
        match self.holder() {
            Some(holder) if holder != index => false,
            Some(_) => {
                // Relaxed: the caller wakes another, which then takes the role.
                self.0.store(NOBODY, Ordering::Relaxed);
                true
            }
            None => true,
        }
    }

    /// Worker `index` has the role, and has seen every other worker asleep for long. `false`: one has
    /// woken meanwhile, and the role stays (I1).
    pub(super) fn give_up(&self, index: usize, idle: &Idle) -> bool {
        self.0.store(NOBODY, Ordering::Relaxed);
        // SeqCst: pairs with the fence in `leave` (I1).
        fence(Ordering::SeqCst);
        if idle.all_sleep() {
            return true;
        }
        // Relaxed: a role, not a guard.
        let back = self
            .0
            .compare_exchange(NOBODY, index, Ordering::Relaxed, Ordering::Relaxed);
        // Else another has taken it.
        back.is_err()
    }
}
