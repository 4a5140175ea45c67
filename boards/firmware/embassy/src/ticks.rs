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

/// `value * by / over`, rounded down; exact up to the largest result, so that no clock stands still when the product would be too long.
const fn scaled_down(value: u64, by: u64, over: u64) -> u64 {
    let whole = (value / over).saturating_mul(by);
    whole.saturating_add(value % over * by / over)
}

/// As [`scaled_down`], rounded up.
const fn scaled_up(value: u64, by: u64, over: u64) -> u64 {
    let whole = (value / over).saturating_mul(by);
    whole.saturating_add((value % over * by).div_ceil(over))
}

/// Microseconds that have passed at the tick of a clock that counts ticks.
#[cfg(feature = "hal-timers")]
pub(crate) fn micros_of(ticks: u64) -> u64 {
    scaled_down(ticks, MICROS, TICKS)
}

/// The tick at which so many microseconds have passed.
#[cfg(feature = "hal-timers")]
pub(crate) fn ticks_of(micros: u64) -> u64 {
    scaled_up(micros, TICKS, MICROS)
}

/// Ticks that have passed at a microsecond of a clock that counts those.
#[cfg(feature = "time-driver")]
pub(crate) fn ticks_of_micros(micros: u64) -> u64 {
    scaled_down(micros, TICKS, MICROS)
}

/// The microsecond at which a tick has passed.
#[cfg(feature = "time-driver")]
pub(crate) fn micros_of_tick(tick: u64) -> u64 {
    scaled_up(tick, MICROS, TICKS)
}

#[cfg(test)]
mod tests {
    use super::{greatest_common_divisor, scaled_down, scaled_up};

    /// Rates that embassy-time offers, from the slowest to the fastest.
    const RATES: [u64; 8] = [
        1,
        100,
        32_768,
        1_000_000,
        16_000_000,
        133_000_000,
        131_072_000,
        5_242_880_000,
    ];

    #[test]
    fn a_conversion_is_exact_for_a_century() {
        for rate in RATES {
            let common = greatest_common_divisor(rate, 1_000_000);
            let (ticks, micros) = (rate / common, 1_000_000 / common);
            // Ten hours, five years, and a century in microseconds, and odd numbers beside them.
            for value in [
                0,
                1,
                36_000_000_001,
                157_788_000_000_003,
                3_155_760_000_000_001_u64,
            ] {
                let exact = u128::from(value) * u128::from(ticks);
                let down = scaled_down(value, ticks, micros);
                assert_eq!(u128::from(down), exact / u128::from(micros), "{rate}");
                let up = scaled_up(value, ticks, micros);
                assert_eq!(u128::from(up), exact.div_ceil(u128::from(micros)), "{rate}");
                // The moment at which a tick is seen to have passed is the one for which an alarm is set.
                let seen = scaled_up(down, micros, ticks);
                assert!(scaled_down(seen, ticks, micros) >= down, "{rate}");
            }
            assert_eq!(scaled_up(u64::MAX, ticks.max(2), 1), u64::MAX);
        }
    }
}
