//! Delays for drivers that are written against embedded-hal: by timer, or spinning.

use core::time::Duration;

use super::instant::Instant;
use super::sleep::sleep;
use crate::platform::CLOCK_GRAIN;

/// What the clock must count until `duration` has passed: the first unit that it counts may have been nearly over when it was read.
const fn at_least(duration: Duration) -> Duration {
    if duration.is_zero() {
        return duration;
    }
    duration.saturating_add(CLOCK_GRAIN)
}

/// Waits by the timers of the running executor: embedded-hal-async's `DelayNs`.
///
/// A delay lasts at least as long as asked, by real time: a chip's clock counts microseconds, and the one that was not over when the delay began
/// does not count. It lasts at most about two ticks longer (of a microsecond on a chip, 128 on one with a heap, and a millisecond elsewhere). For
/// shorter ones there is [`BusyDelay`].
///
/// # Panics
/// A delay panics if no executor with timers runs here.
///
/// # Cancel safety
/// Dropping a delay's future ends the delay.
///
/// # Examples
/// ```
/// use core::time::Duration;
/// use embedded_hal_async::delay::DelayNs;
/// use selkie_core::time::{Delay, Instant};
///
/// async fn reset_pulse(delay: &mut impl DelayNs) {
///     delay.delay_us(200).await;
/// }
///
/// # use selkie_core::executor::{HeapExecutor, ThreadPark, ThreadUnpark, TimedPark};
/// # use selkie_core::time::Timers;
/// # static UNPARK: ThreadUnpark = ThreadUnpark::new();
/// # static TIMERS: Timers = Timers::new();
/// # let park = TimedPark::new(ThreadPark::new(&UNPARK), &TIMERS, std::task::Waker::noop().clone());
/// # let shard = park.handle();
/// # let mut executor = HeapExecutor::new(park);
/// # executor.set_timers(shard);
/// let start = Instant::now();
/// executor.block_on(reset_pulse(&mut Delay));
/// assert!(start.elapsed() >= Duration::from_micros(200));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Delay;

impl embedded_hal_async::delay::DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        sleep(at_least(Duration::from_nanos(ns.into()))).await;
    }

    async fn delay_us(&mut self, us: u32) {
        sleep(at_least(Duration::from_micros(us.into()))).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        sleep(at_least(Duration::from_millis(ms.into()))).await;
    }
}

/// Waits by reading the clock again and again: embedded-hal's blocking `DelayNs`.
///
/// A delay lasts at least as long as asked. It needs no executor and keeps the processor busy. It is as precise as the board's clock. It measures the
/// machine's time, also while a runtime's clock is paused.
///
/// # Examples
/// ```
/// use embedded_hal::delay::DelayNs;
/// use selkie_core::time::BusyDelay;
///
/// BusyDelay.delay_us(50);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BusyDelay;

impl BusyDelay {
    fn spin(duration: Duration) {
        let duration = at_least(duration);
        let start = Instant::machine_now();
        while Instant::machine_now().duration_since(start) < duration {
            core::hint::spin_loop();
        }
    }
}

impl embedded_hal::delay::DelayNs for BusyDelay {
    fn delay_ns(&mut self, ns: u32) {
        Self::spin(Duration::from_nanos(ns.into()));
    }

    fn delay_us(&mut self, us: u32) {
        Self::spin(Duration::from_micros(us.into()));
    }

    fn delay_ms(&mut self, ms: u32) {
        Self::spin(Duration::from_millis(ms.into()));
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::at_least;
    use crate::platform::{CLOCK_GRAIN, RawInstant, instant_origin};

    /// What a clock of microseconds counts in tenths of one.
    fn moment(tenths: u64) -> RawInstant {
        let micros = Duration::from_micros(tenths / 10);
        instant_origin()
            .checked_add(micros)
            .expect("it is in range")
    }

    #[test]
    fn no_delay_ends_before_its_time() {
        assert_eq!(at_least(Duration::ZERO), Duration::ZERO);
        if CLOCK_GRAIN.is_zero() {
            return;
        }
        for (start, micros) in [(0, 1), (9, 1), (109, 3), (5, 1_000)] {
            let asked = Duration::from_micros(micros);
            let until = moment(start).checked_add(at_least(asked));
            let end = (start..).find(|&tenths| Some(moment(tenths)) >= until);
            assert!(end.is_some_and(|end| end - start >= 10 * micros));
        }
        // Less than the clock counts.
        let until = moment(9).checked_add(at_least(Duration::from_nanos(100)));
        assert_eq!(until, Some(moment(29)));
    }
}
