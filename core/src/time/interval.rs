//! Ticks at a fixed period.
//!
//! Idea        There is one timer, which each tick moves to the next deadline. After a tick that comes late,
//!             the policy for missed ticks says when the next one is due.
//! Invariants  I1 the period is not zero.
//! Rejected    Counting ticks from the start: `reset` would have to replace the start as well as the count.

use alloc::boxed::Box;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use super::instant::Instant;
use super::sleep::{Sleep, sleep_until};
use crate::trace::{Resource, instrument};

/// A tick that is later than this is taken to have missed others; timers fire up to a tick late.
const LATE: Duration = Duration::from_millis(5);

/// Makes an interval that ticks at once, and then every `period`.
///
/// # Panics
/// If `period` is zero, if there is no runtime here, or its timers are disabled.
///
/// # Cost
/// One allocation.
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    assert!(!period.is_zero(), "`period` must be non-zero.");
    start_at(Instant::now(), period)
}

/// Makes an interval that ticks at `start`, and then every `period`.
///
/// # Panics
/// If `period` is zero, if there is no runtime here, or its timers are disabled.
///
/// # Cost
/// One allocation.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(!period.is_zero(), "`period` must be non-zero.");
    start_at(start, period)
}

#[track_caller]
fn start_at(start: Instant, period: Duration) -> Interval {
    let resource = Resource::interval();
    let delay = Box::pin(sleep_until(start));
    Interval {
        delay,
        resource,
        period,
        missed_tick_behavior: MissedTickBehavior::default(),
    }
}

/// What an [`Interval`] does when ticks were missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MissedTickBehavior {
    /// Ticks without waiting until it has caught up.
    #[default]
    Burst,
    /// The next tick comes a full period after the late one.
    Delay,
    /// The missed ticks are left out, and the next tick comes at the next multiple of the period.
    Skip,
}

impl MissedTickBehavior {
    /// When the next tick comes after one that was due at `due` and came late, at `now`.
    fn next(self, due: Instant, now: Instant, period: Duration) -> Instant {
        match self {
            Self::Burst => due.saturating_add(period),
            Self::Delay => now.saturating_add(period),
            Self::Skip => {
                let past = (now - due).as_nanos() % period.as_nanos();
                let left = period.as_nanos() - past;
                let secs = u64::try_from(left / 1_000_000_000).unwrap_or(u64::MAX);
                // The remainder of a division by 10⁹ fits.
                #[allow(clippy::cast_possible_truncation)]
                let nanos = (left % 1_000_000_000) as u32;
                now.saturating_add(Duration::new(secs, nanos))
            }
        }
    }
}

/// Ticks at a fixed period; made by [`interval`] and [`interval_at`].
#[derive(Debug)]
pub struct Interval {
    delay: Pin<Box<Sleep>>,
    /// What a subscriber of `tracing` sees.
    resource: Resource,
    period: Duration,
    missed_tick_behavior: MissedTickBehavior,
}

impl Interval {
    /// Waits for the next tick and returns the instant at which it was due.
    ///
    /// # Cancel safety
    /// No tick is lost when the future is dropped.
    pub async fn tick(&mut self) -> Instant {
        let resource = self.resource.share();
        let tick = move || poll_fn(move |cx| self.poll_tick(cx));
        instrument(&resource, "Interval::tick", "poll_tick", false, tick).await
    }

    /// Whether the next tick has come; if not, `cx`'s task is woken when it does.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(self.delay.as_mut().poll(cx));
        let due = self.delay.deadline();
        let now = Instant::now();
        let next = if now > due.saturating_add(LATE) {
            self.missed_tick_behavior.next(due, now, self.period)
        } else {
            due.saturating_add(self.period)
        };
        self.delay.as_mut().move_to(next);
        Poll::Ready(due)
    }

    /// The next tick comes a period from now.
    pub fn reset(&mut self) {
        self.reset_at(Instant::now().saturating_add(self.period));
    }

    /// The next tick comes at once.
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// The next tick comes `after` from now.
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now().saturating_add(after));
    }

    /// The next tick comes at `deadline`.
    pub fn reset_at(&mut self, deadline: Instant) {
        self.delay.as_mut().reset(deadline);
    }

    /// What happens when ticks were missed.
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Sets what happens when ticks were missed.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// The time between ticks.
    pub fn period(&self) -> Duration {
        self.period
    }
}
