//! The timers of a chip: one shard for all its executors, driven by one alarm.
//!
//! Idea        The alarm's interrupt fires what is due, whatever the executors do, so that a
//!             long poll in thread mode does not keep a timer of a more urgent executor. The alarm
//!             is armed again, always for the earliest of all timers, whenever that becomes earlier.
//! States      disarmed ⇄ armed for a tick ─alarm→ fired: armed again
//! Invariants  I1 the alarm is armed under `arming`, for the tick that `prepare_alarm` published.
//!                An insert that is due before that tick arms again; its tick is in the wheel by
//!                then, so that of two inserts the later one to arm does not overwrite the earlier
//!                deadline.
//!             I2 after each arming the clock is read again: an alarm that the hardware may have
//!                missed, since its time was nearer than `LEAD_MICROS`, is fired by hand.
//!             I3 an alarm may come early or once too often: then nothing is due, and it is armed
//!                again. So a timer narrower than 64 bits simply arms for as far as it reaches.
//! Rejected    An alarm for each executor: chips have few alarms. Arming for the deadline that an insert
//!             brings: two inserts at two priorities overwrite each other (I1).
#![allow(unsafe_code)]

use core::fmt;
use core::task::{RawWaker, RawWakerVTable, Waker};

use crate::log::step;
use crate::maybe_const;
use crate::platform::{LeafLock, in_section};
use crate::time::raw::ClockMode;
use crate::time::{Timers, TimersHandle};

/// A board's clock with one alarm.
pub trait AlarmClock: Sync + 'static {
    /// An alarm that is armed for a time nearer than this may be missed by the hardware; zero for a
    /// comparator that fires whenever the time is reached *or past*.
    const LEAD_MICROS: u64 = 0;

    /// Microseconds since the board started; never goes backwards. The function that was given to
    /// `install_clock` returns the same.
    fn now_micros(&self) -> u64;

    /// Arms the alarm in place of an earlier arming: its interrupt comes at `at_micros` or soon
    /// after. It may also come before, for instance when the hardware does not reach as far.
    fn arm(&self, at_micros: u64);

    /// No alarm is needed; one may come nevertheless.
    fn disarm(&self);

    /// Makes the alarm's interrupt come now.
    fn fire_now(&self);
}

/// The timers of a chip; stands in a static.
///
/// The board calls [`start`](Self::start) once and gives the shard to its executors, and calls
/// [`on_alarm`](Self::on_alarm) in the alarm's interrupt handler.
pub struct ChipTimers<C> {
    timers: Timers,
    arming: LeafLock<()>,
    clock: C,
}

impl<C: AlarmClock> ChipTimers<C> {
    maybe_const! {
        /// Timers that do not run yet.
        pub fn new(clock: C) -> Self {
            Self {
                timers: Timers::new(),
                arming: LeafLock::new(()),
                clock,
            }
        }
    }

    /// Opens the shard of the chip's timers.
    ///
    /// # Panics
    /// If it was started before.
    pub fn start(&'static self) -> TimersHandle {
        self.start_as(ClockMode::Machine)
    }

    pub(super) fn start_as(&'static self, mode: ClockMode) -> TimersHandle {
        let owner = self.timers.open(mode, self.waker());
        let timers = owner.handle();
        // Open for ever. Nobody parks: the alarm is armed instead.
        core::mem::forget(owner);
        self.arm_next();
        timers
    }

    /// The board's clock.
    pub const fn clock(&self) -> &C {
        &self.clock
    }

    /// What the alarm's interrupt handler does, after it has acknowledged the interrupt: wakes the
    /// tasks whose time has come and arms the alarm for the next.
    pub fn on_alarm(&self) {
        self.timers.fire_by_alarm(|| self.clock.now_micros());
        self.arm_next();
    }

    /// Arms the alarm for the earliest timer (I1, I2).
    fn arm_next(&self) {
        // SAFETY: what is called under the lock arms no alarm; and there is nothing in it.
        in_section(|section| unsafe { self.arming.with(section, |()| self.arm()) });
    }

    fn arm(&self) {
        let Some(at_micros) = self.timers.prepare_alarm() else {
            return self.clock.disarm();
        };
        self.clock.arm(at_micros);
        // No overflow in half a million years.
        if self.clock.now_micros().wrapping_add(C::LEAD_MICROS) >= at_micros {
            step!(
                "alarm at {} microseconds is too near: fired by hand",
                at_micros
            );
            self.clock.fire_now();
        }
    }

    /// The waker by which the shard says that a timer came in that is due before the alarm.
    fn waker(&'static self) -> Waker {
        // SAFETY: the table's functions are safe in every context, and the timers are static.
        unsafe { Waker::new(core::ptr::from_ref(self).cast(), Self::TABLE) }
    }

    const TABLE: &'static RawWakerVTable =
        &RawWakerVTable::new(Self::clone_waker, Self::wake, Self::wake, |_| {});

    fn clone_waker(data: *const ()) -> RawWaker {
        RawWaker::new(data, Self::TABLE)
    }

    unsafe fn wake(data: *const ()) {
        // SAFETY: the word was made of the address of static timers.
        let this = unsafe { &*data.cast::<Self>() };
        this.arm_next();
    }
}

impl<C: fmt::Debug> fmt::Debug for ChipTimers<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChipTimers")
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
