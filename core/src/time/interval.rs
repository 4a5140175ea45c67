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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{Instant, interval};
///
/// let start = Instant::now();
/// let mut ticks = interval(Duration::from_millis(250));
/// // The first tick comes at once.
/// assert_eq!(ticks.tick().await, start);
/// assert_eq!(ticks.tick().await, start + Duration::from_millis(250));
/// assert_eq!(ticks.tick().await, start + Duration::from_millis(500));
/// # }
/// ```
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{Instant, interval_at};
///
/// let start = Instant::now() + Duration::from_secs(10);
/// let mut ticks = interval_at(start, Duration::from_secs(1));
/// assert_eq!(ticks.tick().await, start);
/// assert_eq!(ticks.tick().await, start + Duration::from_secs(1));
/// # }
/// ```
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{Instant, MissedTickBehavior, advance, interval};
///
/// let period = Duration::from_millis(100);
/// for (behavior, next) in [
///     // Makes up for it at once,
///     (MissedTickBehavior::Burst, 0),
///     // a full period after the late tick,
///     (MissedTickBehavior::Delay, 100),
///     // or at the next multiple of the period.
///     (MissedTickBehavior::Skip, 50),
/// ] {
///     let mut ticks = interval(period);
///     ticks.set_missed_tick_behavior(behavior);
///     ticks.tick().await;
///     advance(Duration::from_millis(250)).await;
///     ticks.tick().await;
///     let late = Instant::now();
///     ticks.tick().await;
///     assert_eq!(late.elapsed().as_millis(), next);
/// }
/// # }
/// ```
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{Instant, Interval, interval};
///
/// async fn third_tick(ticks: &mut Interval) -> Instant {
///     ticks.tick().await;
///     ticks.tick().await;
///     ticks.tick().await
/// }
///
/// let start = Instant::now();
/// let mut ticks = interval(Duration::from_secs(5));
/// assert_eq!(third_tick(&mut ticks).await - start, Duration::from_secs(10));
/// # }
/// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{Instant, interval, sleep};
    ///
    /// let start = Instant::now();
    /// let mut ticks = interval(Duration::from_secs(2));
    /// for round in 0..3 {
    ///     ticks.tick().await;
    ///     assert_eq!(start.elapsed().as_secs(), 2 * round);
    ///     // Work that is shorter than the period does not move the next tick.
    ///     sleep(Duration::from_millis(500)).await;
    /// }
    /// # }
    /// ```
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{Instant, interval, sleep};
    ///
    /// let mut idle = interval(Duration::from_secs(5));
    /// idle.tick().await;
    /// sleep(Duration::from_secs(3)).await;
    /// // Something was heard: five seconds from now.
    /// idle.reset();
    /// let heard = Instant::now();
    /// idle.tick().await;
    /// assert_eq!(heard.elapsed().as_secs(), 5);
    /// # }
    /// ```
    pub fn reset(&mut self) {
        self.reset_at(Instant::now().saturating_add(self.period));
    }

    /// The next tick comes at once.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{Instant, interval};
    ///
    /// let mut refresh = interval(Duration::from_secs(60));
    /// refresh.tick().await;
    /// let now = Instant::now();
    /// refresh.reset_immediately();
    /// refresh.tick().await;
    /// assert_eq!(now.elapsed().as_secs(), 0);
    /// refresh.tick().await;
    /// assert_eq!(now.elapsed().as_secs(), 60);
    /// # }
    /// ```
    pub fn reset_immediately(&mut self) {
        self.reset_at(Instant::now());
    }

    /// The next tick comes `after` from now.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{Instant, interval};
    ///
    /// let mut retry = interval(Duration::from_secs(1));
    /// retry.tick().await;
    /// let failed = Instant::now();
    /// // Once later, and then every second again.
    /// retry.reset_after(Duration::from_secs(30));
    /// retry.tick().await;
    /// assert_eq!(failed.elapsed().as_secs(), 30);
    /// retry.tick().await;
    /// assert_eq!(failed.elapsed().as_secs(), 31);
    /// # }
    /// ```
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(Instant::now().saturating_add(after));
    }

    /// The next tick comes at `deadline`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{Instant, interval};
    ///
    /// let mut ticks = interval(Duration::from_secs(10));
    /// ticks.tick().await;
    /// let at = Instant::now() + Duration::from_secs(3);
    /// ticks.reset_at(at);
    /// assert_eq!(ticks.tick().await, at);
    /// assert_eq!(ticks.tick().await, at + Duration::from_secs(10));
    /// # }
    /// ```
    pub fn reset_at(&mut self, deadline: Instant) {
        self.delay.as_mut().reset(deadline);
    }

    /// What happens when ticks were missed.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{MissedTickBehavior, interval};
    ///
    /// let ticks = interval(Duration::from_secs(1));
    /// assert_eq!(ticks.missed_tick_behavior(), MissedTickBehavior::Burst);
    /// # }
    /// ```
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed_tick_behavior
    }

    /// Sets what happens when ticks were missed.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{Instant, MissedTickBehavior, advance, interval};
    ///
    /// let start = Instant::now();
    /// let mut samples = interval(Duration::from_secs(1));
    /// samples.set_missed_tick_behavior(MissedTickBehavior::Skip);
    /// samples.tick().await;
    /// // The program was busy for three and a half seconds.
    /// advance(Duration::from_millis(3500)).await;
    /// samples.tick().await;
    /// // What was missed is left out; the rhythm stays.
    /// assert_eq!(samples.tick().await - start, Duration::from_secs(4));
    /// # }
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed_tick_behavior = behavior;
    }

    /// The time between ticks.
    pub fn period(&self) -> Duration {
        self.period
    }
}
