//! The owner of a chip's timers: it opens them, parks for them, and closes them when it drops.
//!
//! States      not owned ─open→ owned ─drop→ not owned
//! Invariants  I1 whoever has the owner is the one who parks; it needs the owner mutably.

use core::ops::Deref;
use core::task::Waker;
use core::time::Duration;

use super::handle::TimersHandle;
use super::timers::Timers;
use crate::platform::opened_twice;
use crate::time::clock_mode::{AtEnd, ClockMode};
use crate::time::instant::Instant;

/// How long an executor whose queue is empty may sleep, as far as its timers are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "it says how to park"]
pub enum ParkLimit {
    /// Until unparked: there is no timer.
    Forever,
    /// At most this long, then [`Timers::fire_due`].
    Sleep(Duration),
    /// The clock is paused and a timer waits: never, on a chip.
    Advance,
}

impl Timers {
    /// Opens closed timers. They close when the owner drops.
    ///
    /// `unpark` is woken when a timer is made that is due before the end of a sleep. On a chip it may be called in a
    /// critical section.
    ///
    /// # Panics
    /// If they have an owner.
    pub fn open(&'static self, _mode: ClockMode, unpark: Waker) -> TimersOwner {
        let was_owned = self.with(|state| {
            let was_owned = core::mem::replace(&mut state.owned, true);
            if !was_owned {
                state.is_open = true;
                state.sleeps = false;
                let before = state.unpark.replace(unpark);
                debug_assert!(before.is_none(), "the owner that dropped took it out");
                core::mem::forget(before);
            }
            was_owned
        });
        if was_owned {
            opened_twice();
        }
        TimersOwner {
            timers: TimersHandle::new(self),
        }
    }

    /// As [`open`](Self::open): a sleep that is polled when the timers are closed panics in any case.
    ///
    /// # Panics
    /// If they have an owner.
    pub fn open_until(
        &'static self,
        _at_end: AtEnd,
        mode: ClockMode,
        unpark: Waker,
    ) -> TimersOwner {
        self.open(mode, unpark)
    }
}

/// The owner of open timers: whoever has it parks for them. It derefs to its [`TimersHandle`].
#[derive(Debug)]
#[must_use = "dropping it shuts the timers down"]
pub struct TimersOwner {
    timers: TimersHandle,
}

impl TimersOwner {
    /// A handle to the timers.
    pub const fn handle(&self) -> TimersHandle {
        self.timers
    }

    /// Says that the executor is about to sleep, and returns for how long it may.
    ///
    /// Call it last before parking, and [`finish_park`](Self::finish_park) after. If another context
    /// inserts a timer after this call that is due earlier, it unparks.
    pub fn prepare_park(&mut self) -> ParkLimit {
        let Some(until) = self.timers.publish_park() else {
            return ParkLimit::Forever;
        };
        let now = Instant::machine_now().into_std();
        ParkLimit::Sleep(until.checked_duration_since(now).unwrap_or_default())
    }

    /// The executor runs again: inserts need not unpark it.
    pub fn finish_park(&mut self) {
        self.timers.with(|state| state.sleeps = false);
    }

    /// Moves a paused clock to the next timer: a chip has none.
    pub const fn advance_idle(&mut self) {}
}

impl Deref for TimersOwner {
    type Target = TimersHandle;

    fn deref(&self) -> &TimersHandle {
        &self.timers
    }
}

impl Drop for TimersOwner {
    fn drop(&mut self) {
        self.timers.close();
        self.timers.with(|state| state.owned = false);
    }
}
