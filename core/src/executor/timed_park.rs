//! A sleep that ends when a timer is due.

use core::task::Waker;
use core::time::Duration;

use crate::park::Park;
use crate::time::raw::{ClockMode, ParkLimit, TimersOwner};
use crate::time::{Timers, TimersHandle};

/// Puts a shard of timers around another [`Park`]: it sleeps no longer than until the next timer, and
/// fires what is due when it wakes.
///
/// For an executor that is the only one of its shard: a thread's, or a chip's that needs no
/// priorities. Where several executors share an alarm, use [`ChipTimers`](super::ChipTimers).
#[derive(Debug)]
pub struct TimedPark<P> {
    park: P,
    timers: TimersOwner,
}

impl<P: Park> TimedPark<P> {
    /// Opens `timers`, until this drops, and puts them around `park`; `unpark` ends the sleep when another context
    /// makes a timer that is due sooner.
    ///
    /// # Panics
    /// If the timers are open.
    pub fn new(park: P, timers: &'static Timers, unpark: Waker) -> Self {
        Self::over(park, timers.open(ClockMode::Machine, unpark))
    }

    /// Puts an open shard around `park`; the shard's `unpark` ends that sleep.
    pub fn over(park: P, timers: TimersOwner) -> Self {
        Self { park, timers }
    }

    /// The shard, for [`Executor::set_timers`](super::Executor::set_timers).
    pub const fn handle(&self) -> TimersHandle {
        self.timers.handle()
    }
}

impl<P: Park> Park for TimedPark<P> {
    type Unpark = P::Unpark;

    fn unpark_handle(&self) -> P::Unpark {
        self.park.unpark_handle()
    }

    fn park(&mut self, timeout: Option<Duration>) {
        if self.timers.fire_due() != 0 {
            return self.park.park(Some(Duration::ZERO));
        }
        match self.timers.prepare_park() {
            ParkLimit::Forever => self.park.park(timeout),
            ParkLimit::Sleep(until) => {
                let shorter = timeout.map_or(until, |timeout| timeout.min(until));
                self.park.park(Some(shorter));
            }
            ParkLimit::Advance => {
                self.park.park(Some(Duration::ZERO));
                if timeout != Some(Duration::ZERO) {
                    self.timers.advance_idle();
                }
            }
        }
        self.timers.finish_park();
        self.timers.fire_due();
    }

    fn shutdown(&mut self) {
        self.timers.shutdown();
        self.park.shutdown();
    }
}
