//! A clock for figures about the runtime: its ticks are cheap to read, and become durations when somebody looks at them.
//!
//! Idea        On x86-64 under Linux the processor's time-stamp counter is read, if the kernel itself keeps the time by it: then it
//!             runs evenly, and alike on all processors. That takes a third of the time of `Instant::now`. Elsewhere a tick is a
//!             nanosecond of `Instant`. How long a tick of the counter lasts is measured between the first look at the clock and
//!             the moment at which somebody asks.
//! Invariants  I1 ticks of one process are comparable, whichever thread has read them; later ones may be smaller by the few
//!                nanoseconds by which processors differ, so differences saturate at zero.
//! Rejected    The frequency that CPUID names: it is missing on many processors, and rounded on others.
#![allow(unsafe_code)]

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::stopwatch::stopwatch;

/// How long the counter is measured at least before its ticks are converted.
const MEASURED: Duration = Duration::from_millis(1);

/// The clock of this process.
#[derive(Debug)]
pub(crate) struct TickClock {
    /// When the clock was first asked for; `None` where there is no clock, which stands at zero.
    begun: Option<Instant>,
    begun_ticks: u64,
    has_counter: bool,
}

/// How long a tick is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TickScale {
    nanos_per_tick: f64,
}

impl TickClock {
    /// The clock of this process, which the first call starts.
    #[inline]
    pub(crate) fn get() -> &'static Self {
        static CLOCK: OnceLock<TickClock> = OnceLock::new();
        CLOCK.get_or_init(|| {
            let has_counter = is_kept_by_counter();
            Self {
                begun: stopwatch(),
                begun_ticks: if has_counter { counter() } else { 0 },
                has_counter,
            }
        })
    }

    /// The ticks now.
    ///
    /// # Cost
    /// A read of the processor's counter where that can be trusted, else one of `Instant`.
    #[inline]
    pub(crate) fn now(&self) -> u64 {
        if self.has_counter {
            return counter();
        }
        self.nanos_of_instant()
    }

    #[cold]
    #[inline]
    fn nanos_of_instant(&self) -> u64 {
        let nanos = self.begun.map(|begun| begun.elapsed().as_nanos());
        nanos.map_or(0, |nanos| u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    /// How long a tick is. Waits for a millisecond if the clock was started just now.
    #[inline]
    pub(crate) fn scale(&self) -> TickScale {
        let Some(begun) = self.begun.filter(|_| self.has_counter) else {
            return TickScale {
                nanos_per_tick: 1.0,
            };
        };
        loop {
            let (elapsed, ticks) = (begun.elapsed(), counter());
            if elapsed >= MEASURED {
                let ticks = ticks.saturating_sub(self.begun_ticks).max(1);
                return TickScale {
                    nanos_per_tick: elapsed.as_nanos() as f64 / ticks as f64,
                };
            }
            std::hint::spin_loop();
        }
    }
}

impl TickScale {
    /// How many nanoseconds `ticks` are.
    #[inline]
    pub(crate) fn nanos(self, ticks: u64) -> u64 {
        (ticks as f64 * self.nanos_per_tick) as u64
    }

    /// How long `ticks` are.
    #[inline]
    pub(crate) fn duration(self, ticks: u64) -> Duration {
        Duration::from_nanos(self.nanos(ticks))
    }
}

/// Whether the system itself keeps the time by the processor's counter.
#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
#[inline]
fn is_kept_by_counter() -> bool {
    const SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    matches!(std::fs::read(SOURCE).as_deref(), Ok(b"tsc\n"))
}

#[cfg(all(target_arch = "x86_64", target_os = "linux", not(miri)))]
#[inline]
fn counter() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, and Linux lets programs use it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", not(miri))))]
#[inline]
fn is_kept_by_counter() -> bool {
    false
}

#[cfg(not(all(target_arch = "x86_64", target_os = "linux", not(miri))))]
#[inline]
fn counter() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::TickClock;

    #[test]
    fn ticks_last_as_long_as_an_instant_says() {
        let clock = TickClock::get();
        let (begun, ticks) = (Instant::now(), clock.now());
        while begun.elapsed() < Duration::from_millis(5) {}
        let (at_least, ticks) = (begun.elapsed(), clock.now().saturating_sub(ticks));
        let at_most = begun.elapsed();
        let lasted = clock.scale().duration(ticks);
        assert!(
            lasted > at_least.mul_f64(0.9),
            "{lasted:?}, not {at_least:?}"
        );
        assert!(lasted < at_most.mul_f64(1.1), "{lasted:?}, not {at_most:?}");
    }
}
