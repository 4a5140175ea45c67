//! The owner of a timer shard: it opens the shard, parks for its timers, and closes it when it drops.
//!
//! Idea        Anybody with a handle may insert timers and fire those that are due. Only the thread that runs the shard
//!             may say that it is about to sleep, that it is awake again, and that a paused clock may move: that needs
//!             the owner, of which there is one per shard.
//! States      not owned ─open→ owned ─drop→ not owned
//! Invariants  I1 whoever has the owner is the one who parks; it needs the owner mutably.
//!             I2 an owner that drops closes its own opening of the shard and no later one.
//! Rejected    The same functions on each handle, with a rule about who may call them.

use core::ops::Deref;
use core::task::Waker;
use core::time::Duration;

use super::clock_mode::{AtEnd, ClockMode};
use super::handle::{FIRES_AT_END, TimersHandle};
use super::timers::{NEVER, NOT_PARKED, Timers};
use crate::platform::{Ordering, TICK_NANOS};

/// How long a worker whose queue is empty may sleep, as far as its timers are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "it says how to park"]
pub enum ParkLimit {
    /// Until unparked: there is no timer (or the paused clock is held by a running blocking task,
    /// whose end unparks).
    Forever,
    /// At most this long, then [`Timers::fire_due`].
    Sleep(Duration),
    /// The clock is paused and a timer waits: look for events without sleeping (a sleep of zero);
    /// if nothing became runnable, call [`TimersOwner::advance_idle`], which moves the clock to the
    /// next timer, and then [`Timers::fire_due`]. Do not sleep: time does not pass by itself.
    Advance,
}

impl Timers {
    /// Opens a closed shard, with a fresh clock. The shard closes when the owner drops.
    ///
    /// `unpark` wakes the thread that runs the shard's timers: it is woken only if, while the
    /// shard is parked, another thread inserts a timer that is due before the end of its sleep.
    ///
    /// # Panics
    /// If the shard has an owner.
    pub fn open(&'static self, mode: ClockMode, unpark: Waker) -> TimersOwner {
        self.open_until(AtEnd::Panic, mode, unpark)
    }

    /// As [`open`](Self::open); `at_end` says what sleeps do that are polled when the shard is closed.
    ///
    /// # Panics
    /// If the shard has an owner.
    pub fn open_until(&'static self, at_end: AtEnd, mode: ClockMode, unpark: Waker) -> TimersOwner {
        let mut guarded = self.guarded.lock();
        // Acquire: pairs with the Release in the drop of the owner before.
        assert!(
            !self.owned.swap(true, Ordering::Acquire),
            "timers opened twice"
        );
        // Relaxed: changed under the lock only.
        let mut epoch = self.epoch.load(Ordering::Relaxed).wrapping_add(1);
        debug_assert!(epoch % 2 == 1, "an owner closes before it drops");
        if (epoch & FIRES_AT_END != 0) != (at_end == AtEnd::Fire) {
            epoch = epoch.wrapping_add(FIRES_AT_END);
        }
        self.clock.restart(mode);
        let now_tick = self.now_tick();
        guarded.wheel.restart(now_tick);
        // Relaxed: whoever gets the `TimersHandle` got it by way of this thread.
        self.seen_tick.store(now_tick, Ordering::Relaxed);
        guarded.unpark = Some(unpark);
        // Relaxed: as below.
        self.next_tick.store(NEVER, Ordering::Relaxed);
        // Relaxed: whoever gets the `TimersHandle` got it by way of this thread.
        self.parked_until.store(NOT_PARKED, Ordering::Relaxed);
        self.epoch.store(epoch, Ordering::Relaxed);
        TimersOwner {
            timers: TimersHandle::at(self, epoch),
            give_back: |_timers| (),
        }
    }
}

/// The owner of an open timer shard: whoever has it parks for the shard's timers. It derefs to its [`TimersHandle`].
///
/// A handle, which anybody may have, does not park:
///
/// ```compile_fail,E0599
/// use core::task::Waker;
/// use selkie_core::raw::time::ClockMode;
/// use selkie_core::time::Timers;
///
/// static TIMERS: Timers = Timers::new();
/// let owner = TIMERS.open(ClockMode::Machine, Waker::noop().clone());
/// let handle = owner.handle();
/// // The owner's thread would not be woken for an earlier timer.
/// handle.finish_park();
/// ```
#[derive(Debug)]
#[must_use = "dropping it shuts the timers down"]
pub struct TimersOwner {
    timers: TimersHandle,
    /// What becomes of the shard.
    give_back: fn(&'static Timers),
}

impl TimersOwner {
    /// With what becomes of the shard when the owner drops.
    #[cfg(feature = "alloc")]
    pub(super) fn given_back_by(mut self, give_back: fn(&'static Timers)) -> Self {
        self.give_back = give_back;
        self
    }

    /// A handle to the shard.
    pub const fn handle(&self) -> TimersHandle {
        self.timers
    }

    /// Publishes that the shard's thread is about to sleep, and returns for how long it may.
    ///
    /// Call it last before parking, and [`finish_park`](Self::finish_park) after. If another thread
    /// inserts a timer after this call that is due earlier, it unparks this thread.
    pub fn prepare_park(&mut self) -> ParkLimit {
        if self.clock.is_paused() {
            return self.prepare_park_paused();
        }
        let until = self.publish_park();
        if until == NEVER {
            return ParkLimit::Forever;
        }
        let due_nanos = until.saturating_mul(TICK_NANOS);
        ParkLimit::Sleep(Duration::from_nanos(
            due_nanos.saturating_sub(self.clock.now_nanos()),
        ))
    }

    #[cold]
    fn prepare_park_paused(&self) -> ParkLimit {
        let guarded = self.guarded.lock();
        // A cancel may have left `next_tick` too early, and time must not move without a timer.
        self.publish(&guarded.wheel);
        // Relaxed: inserters take the lock, before or after this.
        self.parked_until.store(NEVER, Ordering::Relaxed);
        if guarded.wheel.len() == 0 || self.clock.is_held() {
            return ParkLimit::Forever;
        }
        ParkLimit::Advance
    }

    /// The shard's thread runs again: inserts need not unpark it.
    #[inline]
    pub fn finish_park(&mut self) {
        // Relaxed: an inserter that sees the old value unparks once too often.
        self.parked_until.store(NOT_PARKED, Ordering::Relaxed);
    }

    /// Moves a paused clock to the next timer, if nobody holds it; [`fire_due`](Timers::fire_due) then fires that timer.
    ///
    /// For the scheduler, after [`ParkLimit::Advance`], when nothing has become runnable.
    pub fn advance_idle(&mut self) {
        let next = self.guarded.lock().wheel.next_tick();
        if let Some(next) = next.filter(|_| self.clock.is_paused() && !self.clock.is_held()) {
            self.clock.advance_to_tick(next);
        }
    }
}

impl Deref for TimersOwner {
    type Target = TimersHandle;

    fn deref(&self) -> &TimersHandle {
        &self.timers
    }
}

impl Drop for TimersOwner {
    fn drop(&mut self) {
        let timers = self.timers.shard();
        self.timers.close(); // I2
        // Release: pairs with the Acquire in `open_until`.
        timers.owned.store(false, Ordering::Release);
        (self.give_back)(timers);
    }
}
