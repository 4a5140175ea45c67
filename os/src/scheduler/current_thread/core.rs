//! What the thread that runs the scheduler holds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use selkie_core::park::{Park, Unpark};
use selkie_core::task::{Notified, OwnedTasks};
use selkie_core::time::TimersLease;

use super::super::any_park::{AnyPark, AnyUnpark};

/// What the running thread holds.
pub(super) struct Core {
    pub(super) queue: VecDeque<Notified>,
    pub(super) tick: u32,
    /// The tick of the last look at the driver.
    pub(super) turned_at: u32,
    pub(super) park: AnyPark,
    /// Kept for its drop, which shuts the timers down.
    pub(super) _timers: Option<TimersLease>,
    pub(super) tasks: OwnedTasks,
}

/// Stands in the core while the driver is out for a turn.
pub(super) struct Away;

impl Park for Away {
    type Unpark = AnyUnpark;

    fn unpark_handle(&self) -> AnyUnpark {
        Arc::new(AwayUnpark)
    }

    fn park(&mut self, _timeout: Option<Duration>) {}

    fn shutdown(&mut self) {}
}

struct AwayUnpark;

impl Unpark for AwayUnpark {
    fn unpark(&self) {}
}
