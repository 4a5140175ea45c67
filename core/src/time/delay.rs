//! Delays for drivers that are written against embedded-hal: by timer, or spinning.

use core::time::Duration;

use super::instant::Instant;
use super::sleep::sleep;

/// Waits by the timers of the running executor: embedded-hal-async's `DelayNs`.
///
/// A delay lasts at least as long as asked and at most about a tick longer (128
/// microseconds on a chip, a millisecond elsewhere). For shorter ones there is [`BusyDelay`].
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
        sleep(Duration::from_nanos(ns.into())).await;
    }

    async fn delay_us(&mut self, us: u32) {
        sleep(Duration::from_micros(us.into())).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        sleep(Duration::from_millis(ms.into())).await;
    }
}

/// Waits by reading the clock again and again: embedded-hal's blocking `DelayNs`.
///
/// It needs no executor and keeps the processor busy. It is as precise as the board's clock. It measures the
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
