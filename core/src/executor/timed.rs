//! A sleep that ends when a timer is due.

use core::task::Waker;
use core::time::Duration;

use crate::park::Park;
use crate::time::raw::{Mode, ParkFor};
use crate::time::{Home, Timers};

/// Puts a home of timers around a [`Park`]: it sleeps no longer than until the next timer, and
/// fires what is due when it wakes.
///
/// For an executor that is the only one of its home: a thread's, or a chip's that needs no
/// priorities. Where several executors share an alarm, use [`ChipTimers`](super::ChipTimers).
#[derive(Debug)]
pub struct TimedPark<P> {
    park: P,
    home: Home,
}

impl<P: Park> TimedPark<P> {
    /// Opens `timers` and puts them around `park`; `unpark` ends the sleep when another context
    /// makes a timer that is due sooner.
    ///
    /// # Panics
    /// If the timers are open.
    pub fn new(park: P, timers: &'static Timers, unpark: Waker) -> Self {
        Self::over(park, timers.open(Mode::Machine, unpark))
    }

    /// Puts an open home around `park`; the home's `unpark` ends that sleep.
    pub fn over(park: P, home: Home) -> Self {
        Self { park, home }
    }

    /// The home, for [`Executor::set_timers`](super::Executor::set_timers).
    pub const fn home(&self) -> Home {
        self.home
    }
}

impl<P: Park> Park for TimedPark<P> {
    type Unpark = P::Unpark;

    fn unpark_handle(&self) -> P::Unpark {
        self.park.unpark_handle()
    }

    fn park(&mut self, timeout: Option<Duration>) {
        if self.home.fire_due() != 0 {
            return self.park.park(Some(Duration::ZERO));
        }
        match self.home.prepare_park() {
            ParkFor::Forever => self.park.park(timeout),
            ParkFor::Sleep(until) => {
                let shorter = timeout.map_or(until, |timeout| timeout.min(until));
                self.park.park(Some(shorter));
            }
            ParkFor::Advance => {
                self.park.park(Some(Duration::ZERO));
                if timeout != Some(Duration::ZERO) {
                    self.home.advance_idle();
                }
            }
        }
        self.home.finish_park();
        self.home.fire_due();
    }

    fn shutdown(&mut self) {
        self.home.shutdown();
        self.park.shutdown();
    }
}
