//! Sleeps by a timer of the operating system: finer than a millisecond, or on a clock that counts suspension.
//!
//! Idea        A descriptor that becomes readable (Linux's timerfd), registered with the driver like a socket. The ordinary
//!             timers have ticks of a millisecond, and cost no system call.

use std::fmt;
use std::future::Future;
use std::io;
use std::ops::{Add, Sub};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::async_io::Interest;
use crate::driver::Direction;
use crate::source::Evented;
use crate::sys::{SystemTimer, time_since_boot};

/// Waits for `duration`, to within some 10 µs instead of the millisecond of
/// [`sleep`](super::sleep). Beyond Tokio; on Linux.
///
/// It goes by the machine's clock: a paused clock does not stop it.
///
/// # Errors
/// If the process is out of descriptors; `Unsupported` on other systems than Linux.
///
/// # Panics
/// Outside of a runtime, or if its I/O is not enabled.
///
/// # Cost
/// A descriptor and six system calls beside the wait, where `sleep` takes none.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::time;
///
/// # let runtime = selkie::runtime::Builder::new_current_thread().enable_all().build()?;
/// let slept: std::io::Result<()> = runtime.block_on(async {
///     let mut pause = time::sleep_precise(Duration::from_micros(200))?;
///     (&mut pause).await?;
///     // Again, with the same descriptor.
///     pause.reset(Duration::from_micros(300))?;
///     pause.await
/// });
/// assert_eq!(slept.is_ok(), cfg!(target_os = "linux"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[inline]
pub fn sleep_precise(duration: Duration) -> io::Result<PreciseSleep> {
    PreciseSleep::new(duration, false)
}

/// Waits for `duration` on the clock that goes on while the machine is suspended: a machine that
/// wakes up later than that fires at once. Beyond Tokio; on Linux.
///
/// # Errors
/// As [`sleep_precise`].
///
/// # Panics
/// Outside of a runtime, or if its I/O is not enabled.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::time::Duration;
/// use selkie::time::{BootInstant, sleep_through_suspend};
///
/// # if cfg!(target_os = "linux") {
/// let begin = BootInstant::now()?;
/// sleep_through_suspend(Duration::from_millis(1))?.await?;
/// assert!(BootInstant::now()?.duration_since(begin) >= Duration::from_millis(1));
/// # }
/// # Ok(())
/// # }
/// ```
#[inline]
pub fn sleep_through_suspend(duration: Duration) -> io::Result<PreciseSleep> {
    PreciseSleep::new(duration, true)
}

/// A sleep by a timer of the system's; made by [`sleep_precise`] and [`sleep_through_suspend`].
///
/// # Cancel safety
/// Polled by reference, nothing is lost when the future that does so is dropped.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::time::{Duration, Instant};
/// use selkie::time::{PreciseSleep, sleep_precise};
///
/// # if cfg!(target_os = "linux") {
/// let begin = Instant::now();
/// let pause: PreciseSleep = sleep_precise(Duration::from_micros(200))?;
/// pause.await?;
/// assert!(begin.elapsed() >= Duration::from_micros(200));
/// # }
/// # Ok(())
/// # }
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct PreciseSleep {
    timer: Evented<SystemTimer>,
    /// Whether it has fired since it was set.
    elapsed: bool,
}

impl PreciseSleep {
    #[inline]
    fn new(duration: Duration, counts_suspension: bool) -> io::Result<Self> {
        let timer = SystemTimer::new(counts_suspension)?;
        timer.set(duration)?;
        Ok(Self {
            timer: Evented::with_interest(timer, Interest::READABLE)?,
            elapsed: false,
        })
    }

    /// Waits for `duration` from now instead, whether it has fired before or not.
    ///
    /// # Errors
    /// None that is known; what the system says.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::Duration;
    /// use selkie::time::sleep_precise;
    ///
    /// # if cfg!(target_os = "linux") {
    /// let mut pulse = sleep_precise(Duration::from_micros(100))?;
    /// for _ in 0..3 {
    ///     (&mut pulse).await?;
    ///     assert!(pulse.is_elapsed());
    ///     // The same timer of the system again.
    ///     pulse.reset(Duration::from_micros(100))?;
    /// }
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn reset(&mut self, duration: Duration) -> io::Result<()> {
        self.timer.set(duration)?;
        self.elapsed = false;
        Ok(())
    }

    /// Whether it was polled to its end since it was set.
    #[inline]
    pub fn is_elapsed(&self) -> bool {
        self.elapsed
    }
}

impl Future for PreciseSleep {
    type Output = io::Result<()>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.elapsed {
            return Poll::Ready(Ok(()));
        }
        let timer = &self.timer;
        let taken = timer
            .registration()
            .poll_io(cx, Direction::Read, &mut || timer.take());
        self.elapsed = matches!(taken, Poll::Ready(Ok(())));
        taken
    }
}

impl fmt::Debug for PreciseSleep {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreciseSleep")
            .field("elapsed", &self.elapsed)
            .finish_non_exhaustive()
    }
}

/// A point in time on the clock that goes on while the machine is suspended. Beyond Tokio; on Linux.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::time::BootInstant;
///
/// # if cfg!(target_os = "linux") {
/// let start = BootInstant::now()?;
/// let later = BootInstant::now()?;
/// assert!(later.duration_since(start) <= later.since_boot());
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootInstant(Duration);

impl BootInstant {
    /// The time now.
    ///
    /// # Errors
    /// `Unsupported` on other systems than Linux.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::Duration;
    /// use selkie::time::BootInstant;
    ///
    /// # if cfg!(target_os = "linux") {
    /// assert!(BootInstant::now()?.since_boot() > Duration::ZERO);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn now() -> io::Result<Self> {
        time_since_boot().map(Self)
    }

    /// The time since the machine started.
    #[inline]
    pub fn since_boot(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to this; zero if `earlier` is the later.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::time::Duration;
    /// use selkie::time::BootInstant;
    ///
    /// # if cfg!(target_os = "linux") {
    /// let begin = BootInstant::now()?;
    /// // The time in between, also what the machine slept of it.
    /// let later = begin + Duration::from_secs(5);
    /// assert_eq!(later.duration_since(begin), Duration::from_secs(5));
    /// assert_eq!(begin.duration_since(later), Duration::ZERO);
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for BootInstant {
    type Output = Self;

    /// # Panics
    /// If the sum is more than a `Duration` holds.
    #[inline]
    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration)
    }
}

impl Sub for BootInstant {
    type Output = Duration;

    /// As [`duration_since`](BootInstant::duration_since).
    #[inline]
    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}
