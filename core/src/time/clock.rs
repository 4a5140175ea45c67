//! A runtime's clock: the machine's, or one that tests pause and move.
//!
//! Idea        A running clock shows the machine's time plus a shift; a paused clock shows a number that
//!             changes only on request. Both are atomics, so that reading takes no lock. A chip's clock
//!             is the board's, which cannot be paused: there the state is an empty type, and the
//!             compiler removes the code that asks for it.
//! States      running(shift) ─pause→ paused(nanos) ─advance→ paused(nanos) ─resume→ running(shift)
//! Invariants  I1 the clock never goes backwards: resuming continues from the paused time.
//!             I2 a clock whose mode is `ClockMode::Machine` is never paused.
//!             I3 while a hold exists, an idle scheduler does not move a paused clock.
//! Rejected    A lock around std's instant: timers would take it each time a worker looks at them. Only a constant
//!             that says whether clocks can be paused: on a chip the words of the state would stay, and
//!             the code that sets them.

use core::time::Duration;

use super::clock_mode::{ClockError, ClockMode};
use super::instant::Instant;
use crate::platform::{
    AtomicU8, AtomicU32, AtomicU64, Ordering, PauseState, TICK_NANOS, instant_origin, tick_at,
};
use crate::{context_cell, maybe_const};

/// `paused` of a clock that runs.
const RUNNING: u64 = 0;

const MACHINE: u8 = ClockMode::Machine as u8;

/// Whether clocks have a state.
const CAN_PAUSE: bool = size_of::<Clock>() > 0;

/// A clock that may be paused, if it is not a chip's; it stands in the shard of the timers that go by it.
#[derive(Debug)]
pub struct Clock {
    state: PauseState<ClockState>,
}

/// What makes a clock another than the machine's.
#[derive(Debug)]
struct ClockState {
    /// One more than the nanoseconds at which it is paused, or [`RUNNING`].
    paused: AtomicU64,
    shift_nanos: AtomicU64,
    holds: AtomicU32,
    mode: AtomicU8,
}

impl ClockState {
    /// Where a paused clock stands.
    #[inline]
    fn paused(&self) -> Option<u64> {
        // Relaxed: a single word; the pauser's own thread sees it at once.
        self.paused.load(Ordering::Relaxed).checked_sub(1)
    }

    /// By how much a running clock is ahead of the machine's.
    #[inline]
    fn shift(&self) -> u64 {
        // Relaxed: see `paused`.
        self.shift_nanos.load(Ordering::Relaxed)
    }
}

impl Clock {
    maybe_const! {
        /// A clock that [`restart`](Self::restart) will set; zero throughout, so that a static one
        /// takes no flash.
        pub(super) fn new() -> Self {
            Self {
                state: PauseState::new(ClockState {
                    paused: AtomicU64::new(RUNNING),
                    shift_nanos: AtomicU64::new(0),
                    holds: AtomicU32::new(0),
                    mode: AtomicU8::new(MACHINE),
                }),
            }
        }
    }

    /// Makes the clock a fresh one; only its shard's opener calls this.
    pub(super) fn restart(&self, mode: ClockMode) {
        let Some(state) = self.state.get() else {
            return;
        };
        let paused = if mode == ClockMode::Paused {
            whole_tick(machine_nanos()) + 1
        } else {
            RUNNING
        };
        // Relaxed throughout: whoever reads the clock got at its shard after it was opened.
        state.shift_nanos.store(0, Ordering::Relaxed);
        state.holds.store(0, Ordering::Relaxed);
        state.paused.store(paused, Ordering::Relaxed);
        state.mode.store(mode as u8, Ordering::Relaxed);
    }

    /// The state, if the clock may be paused.
    #[inline]
    fn pausable(&self) -> Option<&ClockState> {
        // Relaxed: set before the shard is used.
        let is_machine = |state: &&ClockState| state.mode.load(Ordering::Relaxed) == MACHINE;
        self.state.get().filter(|state| !is_machine(state))
    }

    /// Whether the clock may be paused.
    #[inline]
    pub fn is_pausable(&self) -> bool {
        self.pausable().is_some()
    }

    /// Where the clock stands, if it is paused: on the thread that its timers run on, where a test pauses it.
    #[inline]
    fn paused(&self) -> Option<u64> {
        self.state.get().and_then(ClockState::paused)
    }

    /// Whether the clock stands still.
    #[inline]
    pub fn is_paused(&self) -> bool {
        self.paused().is_some()
    }

    /// This clock's time.
    #[inline]
    pub fn now(&self) -> Instant {
        if let Some(paused) = self.paused() {
            return Instant::at_nanos(paused);
        }
        match self.state.get().map_or(0, ClockState::shift) {
            0 => Instant::machine_now(),
            shift => Instant::at_nanos(machine_nanos().wrapping_add(shift)),
        }
    }

    /// This clock's time in nanoseconds since the process's origin.
    #[inline]
    pub(super) fn now_nanos(&self) -> u64 {
        match self.state.get() {
            Some(state) => state
                .paused()
                .unwrap_or_else(|| machine_nanos().wrapping_add(state.shift())),
            None => machine_nanos(),
        }
    }

    /// The tick that this clock's time lies in.
    #[inline]
    pub(super) fn now_tick(&self) -> u64 {
        match self.state.get() {
            Some(_) => self.now_nanos() / TICK_NANOS,
            // Without a division, which takes a chip long.
            None => tick_at(Instant::machine_now().into_std()),
        }
    }

    /// Pauses the clock at its present time.
    ///
    /// # Errors
    /// If it is stopped already, or is the machine's own.
    pub fn pause(&self) -> Result<(), ClockError> {
        let state = self.pausable().ok_or(ClockError::NotPausable)?;
        if state.paused().is_some() {
            return Err(ClockError::AlreadyPaused);
        }
        // Relaxed: see `ClockState::paused`.
        state.paused.store(self.now_nanos() + 1, Ordering::Relaxed);
        Ok(())
    }

    /// Lets a paused clock run again, from the time that it shows.
    ///
    /// # Errors
    /// If it runs.
    pub fn resume(&self) -> Result<(), ClockError> {
        let state = self.state.get().ok_or(ClockError::NotPaused)?;
        let paused = state.paused().ok_or(ClockError::NotPaused)?;
        // Relaxed: see `ClockState::paused`; the shift is set first, so that time never jumps back (I1).
        state
            .shift_nanos
            .store(paused.wrapping_sub(machine_nanos()), Ordering::Relaxed);
        state.paused.store(RUNNING, Ordering::Relaxed);
        Ok(())
    }

    /// Moves a paused clock by exactly `duration`, at most to the end of its 584 years.
    ///
    /// # Errors
    /// If it runs.
    pub fn advance(&self, duration: Duration) -> Result<(), ClockError> {
        let state = self.state.get().ok_or(ClockError::NotPaused)?;
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        // Relaxed: see `ClockState::paused`.
        state
            .paused
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paused| {
                (paused != RUNNING).then(|| paused.saturating_add(nanos))
            })
            .map(drop)
            .map_err(|_| ClockError::NotPaused)
    }

    /// Moves a paused clock forward by whole ticks, until it stands in `tick`.
    pub(super) fn advance_to_tick(&self, tick: u64) {
        let Some(state) = self.state.get() else {
            return;
        };
        // Relaxed: see `ClockState::paused`. An error says that the clock runs or is past that time: nothing to do.
        let _ = state
            .paused
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paused| {
                let ticks = tick.saturating_sub(paused.checked_sub(1)? / TICK_NANOS);
                let moved = paused.saturating_add(ticks.saturating_mul(TICK_NANOS));
                (ticks > 0).then_some(moved)
            });
    }

    /// Keeps an idle scheduler from moving the paused clock until [`release`](Self::release).
    pub(super) fn hold(&self) {
        if let Some(state) = self.state.get() {
            // Relaxed: the scheduler reads it after work that the holder passed on (I3).
            state.holds.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends a [`hold`](Self::hold) and says whether it was the last.
    pub(super) fn release(&self) -> bool {
        // Release: pairs with the Acquire in `is_held`, so that what was done under the hold is
        // seen before time moves. Zero already: the shard was closed meanwhile.
        let release = |state: &ClockState| {
            let one_less = |holds: u32| holds.checked_sub(1);
            state
                .holds
                .fetch_update(Ordering::Release, Ordering::Relaxed, one_less)
        };
        self.state.get().map(release) == Some(Ok(1))
    }

    /// Whether somebody keeps the paused clock where it is.
    pub(super) fn is_held(&self) -> bool {
        // Acquire: pairs with the Release in `release`.
        let holds = |state: &ClockState| state.holds.load(Ordering::Acquire);
        self.state.get().map_or(0, holds) != 0
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
    if CAN_PAUSE {
        CURRENT.set(clock);
    }
}

impl Instant {
    /// The instant `nanos` nanoseconds after the process's origin.
    pub(super) fn at_nanos(nanos: u64) -> Self {
        let origin = Self::from_std(instant_origin());
        origin
            .checked_add(Duration::from_nanos(nanos))
            .unwrap_or(origin)
    }

    /// The time now: of the clock of the runtime that runs here, else of the machine.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{Instant, sleep};
    ///
    /// let start = Instant::now();
    /// sleep(Duration::from_secs(60)).await;
    /// // This test's clock is paused, and moved by the sleep alone.
    /// assert_eq!(Instant::now() - start, Duration::from_secs(60));
    /// # }
    /// ```
    #[inline]
    pub fn now() -> Self {
        if !CAN_PAUSE {
            return Self::machine_now();
        }
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
