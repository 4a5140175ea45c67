//! What the thread that runs the scheduler holds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use selkie_core::park::{Park, Unpark};
use selkie_core::raw::task::{Notified, OwnedTasks, Schedule};
use selkie_core::raw::time::TimersLease;

use super::super::any_park::{AnyPark, AnyUnpark};
use super::super::trim::Trim;
use crate::sys::stopwatch;

/// Rounds of a row in which everything gave way after which the driver is looked at.
const LOOKS: u32 = 4;

/// What the running thread of the scheduler `S` holds.
pub(super) struct Core<S: Schedule> {
    pub(super) queue: VecDeque<Notified>,
    /// Tasks until those from other threads have precedence.
    pub(super) until_remote: u32,
    /// Polls since the last look at the driver.
    pub(super) since_look: u32,
    /// Rounds in a row in which everything that ran gave way.
    pub(super) yields_in_row: u32,
    /// Polls that were counted at the last sleep.
    pub(super) polls_at_park: u64,
    /// Who gave way, to be woken after the next look at driver and timers.
    pub(super) deferred: Vec<Waker>,
    pub(super) trim: Trim,
    /// Since when tasks have been running, if the time is not counted yet.
    pub(super) busy_since: Option<Instant>,
    pub(super) park: AnyPark,
    /// Kept for its drop, which shuts the timers down.
    pub(super) _timers: Option<TimersLease>,
    /// `None` once closed.
    pub(super) tasks: Option<OwnedTasks<S>>,
}

impl<S: Schedule> Core<S> {
    /// A round is over in which `polls` were made and, if `root_waits`, the root was woken. `true`: it
    /// is time for a look at the driver.
    #[inline]
    pub(super) fn end_round(&mut self, polls: u32, root_waits: bool, interval: u32) -> bool {
        self.since_look += polls;
        let gave_way = self.deferred.len();
        if gave_way == 0 && polls != 1 {
            self.yields_in_row = 0;
            return self.since_look >= interval;
        }
        self.yields_in_row = if gave_way + usize::from(root_waits) >= polls as usize {
            self.yields_in_row.saturating_add(1)
        } else {
            // A yield that comes after something else begins a row.
            u32::from(gave_way > 0)
        };
        (1..=LOOKS).contains(&self.yields_in_row) || self.since_look >= interval
    }

    /// Notes that a task is about to run.
    #[inline]
    pub(super) fn is_busy(&mut self) {
        if self.busy_since.is_none() {
            self.busy_since = stopwatch();
        }
    }

    /// The time since tasks began to run.
    pub(super) fn take_busy(&mut self) -> u64 {
        let busy = self
            .busy_since
            .take()
            .map_or(Duration::ZERO, |since| since.elapsed());
        u64::try_from(busy.as_nanos()).unwrap_or(u64::MAX)
    }
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
