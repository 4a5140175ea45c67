//! The clock: 64 bits at ten megahertz, with a comparator that fires when its time is reached or
//! past, so that no alarm can be too near.

use selkie_core::executor::{AlarmClock, ChipTimers};
use selkie_core::time::install_clock;

use crate::register::Register;

const MTIMECMP: Register = Register(0x0200_4000);
const MTIMECMP_HIGH: Register = Register(0x0200_4004);
const MTIME: Register = Register(0x0200_bff8);
const MTIME_HIGH: Register = Register(0x0200_bffc);

/// Counts of a microsecond.
const COUNTS_PER_MICRO: u64 = 10;

/// The chip's timers.
pub static TIME: ChipTimers<ClintClock> = ChipTimers::new(ClintClock);

/// The core-local interruptor.
pub struct ClintClock;

impl ClintClock {
    /// Makes it the clock of timers.
    pub(crate) fn start(&self) {
        self.disarm();
        install_clock(|| TIME.clock().now_micros());
    }

    fn compare(count: u64) {
        // The high word first to its limit, so that no half-written time fires.
        MTIMECMP_HIGH.write(u32::MAX);
        MTIMECMP.write(count as u32);
        MTIMECMP_HIGH.write((count >> 32) as u32);
    }
}

impl AlarmClock for ClintClock {
    fn now_micros(&self) -> u64 {
        loop {
            let high = MTIME_HIGH.read();
            let low = MTIME.read();
            if MTIME_HIGH.read() == high {
                return (u64::from(high) << 32 | u64::from(low)) / COUNTS_PER_MICRO;
            }
        }
    }

    fn arm(&self, at_micros: u64) {
        Self::compare(at_micros.saturating_mul(COUNTS_PER_MICRO));
    }

    fn disarm(&self) {
        Self::compare(u64::MAX);
    }

    fn fire_now(&self) {
        Self::compare(0);
    }
}
