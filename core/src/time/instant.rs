//! A point in time that the runtime's clock, real or virtual, can reach.
//!
//! Idea        The platform's own moment (std's `Instant`, or a board's microseconds) in a type that
//!             reads the running runtime's clock instead of the machine's.
//! Invariants  I1 arithmetic saturates or returns `None`, except for the operators, which panic as
//!                std's do; a difference is never negative.
//! Rejected    A plain tick count: `from_std` and `into_std` would lose precision.

use core::fmt;
use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::time::Duration;

use crate::platform::{RawInstant, instant_now, instant_origin};

/// How far away a deadline is put whose exact moment cannot be represented: thirty years.
const FAR_FUTURE: Duration = Duration::from_secs(86_400 * 365 * 30);

/// A measurement of a monotonic clock; for tests, the clock can be paused and moved.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use selkie::time::Instant;
///
/// let start = Instant::now();
/// let end = start + Duration::from_millis(5);
/// assert_eq!(end.duration_since(start), Duration::from_millis(5));
/// assert_eq!(start.duration_since(end), Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    moment: RawInstant,
}

impl Instant {
    /// The instant of a platform's moment: on hosted systems `std::time::Instant`.
    ///
    /// # Examples
    /// ```
    /// use selkie::time::Instant;
    ///
    /// let std_instant = std::time::Instant::now();
    /// assert_eq!(Instant::from_std(std_instant).into_std(), std_instant);
    /// ```
    pub const fn from_std(std: RawInstant) -> Self {
        Self { moment: std }
    }

    /// The platform's moment: on hosted systems `std::time::Instant`.
    ///
    /// # Examples
    /// ```
    /// use selkie::time::Instant;
    ///
    /// // For an interface that knows std's type only.
    /// let now = Instant::now().into_std();
    /// assert!(now <= std::time::Instant::now());
    /// ```
    pub const fn into_std(self) -> RawInstant {
        self.moment
    }

    /// The machine's time, whatever clock the runtime has.
    #[inline]
    pub(super) fn machine_now() -> Self {
        Self {
            moment: instant_now(),
        }
    }

    /// The time since the process's origin; zero for instants before it.
    #[inline]
    pub(super) fn since_origin(self) -> Duration {
        self.duration_since(Self {
            moment: instant_origin(),
        })
    }

    /// The time since the process's origin in nanoseconds, at most 584 years.
    #[inline]
    pub(super) fn nanos(self) -> u64 {
        let since = self.since_origin();
        since
            .as_secs()
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(since.subsec_nanos()))
    }

    /// This instant plus `duration`, or thirty years if that cannot be represented.
    pub(super) fn saturating_add(self, duration: Duration) -> Self {
        self.checked_add(duration)
            .or_else(|| self.checked_add(FAR_FUTURE))
            .unwrap_or(self)
    }

    /// The time from `earlier` to this instant, or zero if `earlier` is later.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::time::Instant;
    ///
    /// let earlier = Instant::now();
    /// let later = earlier + Duration::from_secs(2);
    /// assert_eq!(later.duration_since(earlier), Duration::from_secs(2));
    /// assert_eq!(earlier.duration_since(later), Duration::ZERO);
    /// ```
    #[inline]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }

    /// The time from `earlier` to this instant, or `None` if `earlier` is later.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::time::Instant;
    ///
    /// let earlier = Instant::now();
    /// let later = earlier + Duration::from_secs(2);
    /// assert_eq!(later.checked_duration_since(earlier), Some(Duration::from_secs(2)));
    /// assert_eq!(earlier.checked_duration_since(later), None);
    /// ```
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.moment.checked_duration_since(earlier.moment)
    }

    /// The time from `earlier` to this instant, or zero if `earlier` is later.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::time::Instant;
    ///
    /// let now = Instant::now();
    /// let deadline = now + Duration::from_secs(5);
    /// assert_eq!(deadline.saturating_duration_since(now), Duration::from_secs(5));
    /// assert_eq!(now.saturating_duration_since(deadline), Duration::ZERO);
    /// ```
    #[inline]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.moment
            .checked_duration_since(earlier.moment)
            .unwrap_or_default()
    }

    /// This instant plus `duration`, or `None` if that cannot be represented.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::time::Instant;
    ///
    /// let now = Instant::now();
    /// assert_eq!(now.checked_add(Duration::from_secs(1)), Some(now + Duration::from_secs(1)));
    /// assert_eq!(now.checked_add(Duration::MAX), None);
    /// ```
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.moment.checked_add(duration).map(Self::from_std)
    }

    /// This instant minus `duration`, or `None` if that cannot be represented.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::time::Instant;
    ///
    /// let now = Instant::now();
    /// let later = now + Duration::from_millis(10);
    /// assert_eq!(later.checked_sub(Duration::from_millis(10)), Some(now));
    /// assert_eq!(now.checked_sub(Duration::MAX), None);
    /// ```
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.moment.checked_sub(duration).map(Self::from_std)
    }
}

impl From<RawInstant> for Instant {
    fn from(moment: RawInstant) -> Self {
        Self::from_std(moment)
    }
}

impl From<Instant> for RawInstant {
    fn from(instant: Instant) -> Self {
        instant.into_std()
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration)
            .expect("overflow when adding a duration to an instant")
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        self.checked_sub(duration)
            .expect("overflow when subtracting a duration from an instant")
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.moment.fmt(f)
    }
}
