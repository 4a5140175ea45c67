//! What the thread that runs the scheduler holds.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use selkie_core::park::{Park, Unpark};
use selkie_core::task::{Notified, OwnedTasks, Schedule};
use selkie_core::time::TimersLease;

use super::super::any_park::{AnyPark, AnyUnpark};
use super::super::trim::Trim;
use super::super::yields::Yields;
use crate::sys::stopwatch;

/// What the running thread of the scheduler `S` holds.
pub(super) struct Core<S: Schedule> {
    pub(super) queue: VecDeque<Notified>,
    pub(super) tick: u32,
    /// The tick of the last look at the driver.
    pub(super) turned_at: u32,
    pub(super) yields: Yields,
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
    /// Somebody yields: the first of a row have the driver looked at, if nothing else is to run.
    #[inline]
    pub(super) fn yielded(&mut self, event_interval: u32) {
        if self.yields.is_early(self.tick) && self.queue.is_empty() {
            self.turned_at = self.tick.wrapping_sub(event_interval);
        }
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
