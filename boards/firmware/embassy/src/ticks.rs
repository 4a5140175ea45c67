//! embassy-time's ticks and Selkie's microseconds.

use embassy_time_driver::TICK_HZ;

const MICROS_PER_SECOND: u64 = 1_000_000;

const fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// Ticks are to microseconds as these are, without what both have in common.
const TICKS: u64 = TICK_HZ / greatest_common_divisor(TICK_HZ, MICROS_PER_SECOND);
const MICROS: u64 = MICROS_PER_SECOND / greatest_common_divisor(TICK_HZ, MICROS_PER_SECOND);

/// Microseconds that have passed at the tick of a clock that counts ticks.
#[cfg(feature = "hal-timers")]
pub(crate) fn micros_of(ticks: u64) -> u64 {
    ticks.saturating_mul(MICROS) / TICKS
}

/// The tick at which so many microseconds have passed.
#[cfg(feature = "hal-timers")]
pub(crate) fn ticks_of(micros: u64) -> u64 {
    micros.saturating_mul(TICKS).div_ceil(MICROS)
}

/// Ticks that have passed at a microsecond of a clock that counts those.
#[cfg(feature = "time-driver")]
pub(crate) fn ticks_of_micros(micros: u64) -> u64 {
    micros.saturating_mul(TICKS) / MICROS
}

/// The microsecond at which a tick has passed.
#[cfg(feature = "time-driver")]
pub(crate) fn micros_of_tick(tick: u64) -> u64 {
    tick.saturating_mul(MICROS).div_ceil(TICKS)
}
