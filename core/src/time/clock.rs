//! A runtime's clock: the machine's, or one that tests pause and move.
//!
//! Idea        A running clock is the machine's plus a shift; a paused one is a number that moves
//!             only when told to. Both are plain atomics, so that reading takes no lock.
//! States      running(shift) ─pause→ paused(nanos) ─advance→ paused(nanos) ─resume→ running(shift)
//! Invariants  I1 the clock never goes backwards: resuming continues from the paused time.
//!             I2 a clock whose mode is `Mode::Machine` is never paused.
//!             I3 while a hold exists, an idle scheduler does not move a paused clock.
//! Rejected    A lock around std's instant: timers would take it for each turn of a worker.

use core::time::Duration;

use super::instant::Instant;
use super::mode::{ClockError, Mode};
use crate::platform::{AtomicU8, AtomicU32, AtomicU64, Ordering, TICK_NANOS, moment_origin};
use crate::{context_cell, maybe_const};

/// `paused_nanos` of a clock that runs.
const RUNNING: u64 = u64::MAX;

const MACHINE: u8 = Mode::Machine as u8;

/// A clock that may be paused; it stands in the timer shard that go by it.
#[derive(Debug)]
pub struct Clock {
    paused_nanos: AtomicU64,
    shift_nanos: AtomicU64,
    holds: AtomicU32,
    mode: AtomicU8,
}

impl Clock {
    maybe_const! {
        /// A clock that [`restart`](Self::restart) will set; zero throughout, so that a static one
        /// takes no flash.
        pub(super) fn new() -> Self {
            Self {
                paused_nanos: AtomicU64::new(0),
                shift_nanos: AtomicU64::new(0),
                holds: AtomicU32::new(0),
                mode: AtomicU8::new(MACHINE),
            }
        }
    }

    /// Makes the clock a fresh one; only its shard's opener calls this.
    pub(super) fn restart(&self, mode: Mode) {
        let paused = if mode == Mode::Paused {
            whole_tick(machine_nanos())
        } else {
            RUNNING
        };
        // Relaxed throughout: whoever reads the clock got at its shard after it was opened.
        self.shift_nanos.store(0, Ordering::Relaxed);
        self.holds.store(0, Ordering::Relaxed);
        self.paused_nanos.store(paused, Ordering::Relaxed);
        self.mode.store(mode as u8, Ordering::Relaxed);
    }

    /// Whether the clock may be paused.
    #[inline]
    pub fn is_pausable(&self) -> bool {
        // Relaxed: set before the shard is used.
        self.mode.load(Ordering::Relaxed) != MACHINE
    }

    /// Whether the clock stands still.
    #[inline]
    pub fn is_paused(&self) -> bool {
        // Relaxed: a test pauses on the thread that its timers run on.
        self.paused_nanos.load(Ordering::Relaxed) != RUNNING
    }

    /// This clock's time.
    #[inline]
    pub fn now(&self) -> Instant {
        // Relaxed: a single word; the pauser's own thread sees it at once.
        let paused = self.paused_nanos.load(Ordering::Relaxed);
        if paused != RUNNING {
            return Instant::at_nanos(paused);
        }
        // Relaxed: as above.
        match self.shift_nanos.load(Ordering::Relaxed) {
            0 => Instant::machine_now(),
            shift => Instant::at_nanos(machine_nanos().wrapping_add(shift)),
        }
    }

    /// This clock's time in nanoseconds since the process's origin.
    #[inline]
    pub(super) fn now_nanos(&self) -> u64 {
        // Relaxed: see `now`.
        let paused = self.paused_nanos.load(Ordering::Relaxed);
        if paused != RUNNING {
            return paused;
        }
        // Relaxed: see `now`.
        machine_nanos().wrapping_add(self.shift_nanos.load(Ordering::Relaxed))
    }

    /// The tick that this clock's time lies in.
    #[inline]
    pub(super) fn now_tick(&self) -> u64 {
        self.now_nanos() / TICK_NANOS
    }

    /// Stops the clock where it is.
    ///
    /// # Errors
    /// If it is stopped already, or is the machine's own.
    pub fn pause(&self) -> Result<(), ClockError> {
        if !self.is_pausable() {
            return Err(ClockError::NotPausable);
        }
        if self.is_paused() {
            return Err(ClockError::AlreadyPaused);
        }
        // Relaxed: see `now`.
        self.paused_nanos.store(self.now_nanos(), Ordering::Relaxed);
        Ok(())
    }

    /// Lets the clock run on from where it stands.
    ///
    /// # Errors
    /// If it runs.
    pub fn resume(&self) -> Result<(), ClockError> {
        // Relaxed: see `now`.
        let paused = self.paused_nanos.load(Ordering::Relaxed);
        if paused == RUNNING {
            return Err(ClockError::NotPaused);
        }
        // Relaxed: see `now`; the shift is set first, so that time never jumps back (I1).
        self.shift_nanos
            .store(paused.wrapping_sub(machine_nanos()), Ordering::Relaxed);
        self.paused_nanos.store(RUNNING, Ordering::Relaxed);
        Ok(())
    }

    /// Moves a paused clock by exactly `duration`, at most to the end of its 584 years.
    ///
    /// # Errors
    /// If it runs.
    pub fn advance(&self, duration: Duration) -> Result<(), ClockError> {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        // Relaxed: see `now`.
        self.paused_nanos
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paused| {
                (paused != RUNNING).then(|| paused.saturating_add(nanos).min(RUNNING - 1))
            })
            .map(drop)
            .map_err(|_| ClockError::NotPaused)
    }

    /// Moves a paused clock forward by whole ticks, until it stands in `tick`.
    pub(super) fn advance_to_tick(&self, tick: u64) {
        // Relaxed: see `now`. An error says that the clock runs or is past that time: nothing to do.
        let _ = self
            .paused_nanos
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paused| {
                let ticks = tick.saturating_sub(paused / TICK_NANOS);
                let nanos = paused.saturating_add(ticks.saturating_mul(TICK_NANOS));
                (ticks > 0 && paused != RUNNING).then_some(nanos.min(RUNNING - 1))
            });
    }

    /// Keeps an idle scheduler from moving the paused clock until [`release`](Self::release).
    pub(super) fn hold(&self) {
        // Relaxed: the scheduler reads it after work that the holder passed on (I3).
        self.holds.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends a [`hold`](Self::hold) and says whether it was the last.
    pub(super) fn release(&self) -> bool {
        // Release: pairs with the Acquire in `is_held`, so that what was done under the hold is
        // seen before time moves. Zero already: the shard was closed meanwhile.
        self.holds
            .fetch_update(Ordering::Release, Ordering::Relaxed, |holds| {
                holds.checked_sub(1)
            })
            == Ok(1)
    }

    /// Whether somebody keeps the paused clock where it is.
    pub(super) fn is_held(&self) -> bool {
        // Acquire: pairs with the Release in `release`.
        self.holds.load(Ordering::Acquire) != 0
    }
}

fn machine_nanos() -> u64 {
    Instant::machine_now().nanos()
}

/// `nanos` rounded up to a whole tick.
const fn whole_tick(nanos: u64) -> u64 {
    nanos.div_ceil(TICK_NANOS) * TICK_NANOS
}

context_cell! {
    /// The clock that [`Instant::now`] reads here; `None` is the machine's.
    static CURRENT: Option<&'static Clock> = None;
}

/// Makes [`Instant::now`] read `clock` in this context.
#[inline]
pub(super) fn set_current_clock(clock: Option<&'static Clock>) {
    CURRENT.set(clock);
}

impl Instant {
    /// The instant `nanos` nanoseconds after the process's origin.
    pub(super) fn at_nanos(nanos: u64) -> Self {
        let origin = Self::from_std(moment_origin());
        origin
            .checked_add(Duration::from_nanos(nanos))
            .unwrap_or(origin)
    }

    /// The time now: of the clock of the runtime that runs here, else of the machine.
    #[inline]
    pub fn now() -> Self {
        match CURRENT.get() {
            Some(clock) => clock.now(),
            _ => Self::machine_now(),
        }
    }

    /// The time since this instant, zero if it lies ahead.
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }
}
