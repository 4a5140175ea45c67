//! What the thread that runs the scheduler owns: the core.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant};

use selkie_core::park::{Park, Unpark};
use selkie_core::raw::task::{Notified, OwnedTasks, Schedule};
use selkie_core::raw::time::TimersOwner;

use super::super::any_park::{AnyPark, AnyUnpark};
use super::super::trim::Trim;
use crate::sys::stopwatch;

/// How many rounds in a row in which everything yielded cause a look at the driver.
const LOOKS: u32 = 4;

/// The core of the scheduler `S`.
pub(super) struct Core<S: Schedule> {
    pub(super) queue: VecDeque<Notified>,
    /// How many tasks run until one from other threads has precedence.
    pub(super) until_remote: u32,
    /// Polls since the last look at the driver.
    pub(super) since_look: u32,
    /// Rounds in a row in which everything that ran has yielded.
    pub(super) yields_in_row: u32,
    /// Polls that were counted at the last sleep.
    pub(super) polls_at_park: u64,
    /// Wakers of tasks that yielded, to be woken after the next look at driver and timers.
    pub(super) deferred: Vec<Waker>,
    pub(super) trim: Trim,
    /// Since when tasks have been running, if the time is not counted yet.
    pub(super) busy_since: Option<Instant>,
    pub(super) park: AnyPark,
    /// By which the thread parks for its timers; its drop shuts them down.
    pub(super) timers: Option<TimersOwner>,
    /// `None` once closed.
    pub(super) tasks: Option<OwnedTasks<S>>,
}

impl<S: Schedule> Core<S> {
    /// A round is over in which `polls` polls were made and, if `root_waits`, the root was woken. `true`: a
    /// look at the driver is due.
    #[inline]
    pub(super) fn end_round(&mut self, polls: u32, root_waits: bool, interval: u32) -> bool {
        self.since_look += polls;
        let deferred = self.deferred.len();
        if deferred == 0 && polls != 1 {
            self.yields_in_row = 0;
            return self.since_look >= interval;
        }
        self.yields_in_row = if deferred + usize::from(root_waits) >= polls as usize {
            self.yields_in_row.saturating_add(1)
        } else {
            // A yield that comes after something else begins a row.
            u32::from(deferred > 0)
        };
        (1..=LOOKS).contains(&self.yields_in_row) || self.since_look >= interval
    }

    /// Notes that a task is about to run.
    #[inline]
    pub(super) fn note_busy(&mut self) {
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

/// Takes the place of the driver in the core while that is used for a turn.
pub(super) struct StubPark;

impl Park for StubPark {
    type Unpark = AnyUnpark;

    fn unpark_handle(&self) -> AnyUnpark {
        Arc::new(StubUnpark)
    }

    fn park(&mut self, _timeout: Option<Duration>) {}

    fn shutdown(&mut self) {}
}

struct StubUnpark;

impl Unpark for StubUnpark {
    fn unpark(&self) {}
}
