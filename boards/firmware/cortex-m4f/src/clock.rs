//! The clock: a 32-bit counter at 25 megahertz, which wraps every 171 seconds, made 64 bits wide.
#![allow(unsafe_code)]

use firmware_cortex_m::{Register, TIMER0, WideCounter, pend};
use selkie_core::executor::{AlarmClock, ChipTimers};
use selkie_core::time::install_clock;

/// One of the chip's timers, which count down.
struct Timer {
    control: Register,
    value: Register,
    reload: Register,
    clear: Register,
}

impl Timer {
    const fn at(base: usize) -> Self {
        Self {
            // SAFETY: `base` is one of those below, and the rest is from the chip's manual.
            control: unsafe { Register::new(base) },
            // SAFETY: as above.
            value: unsafe { Register::new(base + 4) },
            // SAFETY: as above.
            reload: unsafe { Register::new(base + 8) },
            // SAFETY: as above.
            clear: unsafe { Register::new(base + 12) },
        }
    }
}

const ALARM: Timer = Timer::at(0x4000_0000);
const COUNTER: Timer = Timer::at(0x4000_1000);
const ENABLE: u32 = 1;
const ENABLE_INTERRUPT: u32 = 1 << 3;

/// Counts of a microsecond.
const COUNTS_PER_MICRO: u64 = 25;
/// A third of a lap of the counter.
const REACH_MICROS: u64 = 57_000_000;

/// The chip's timers.
pub static TIME: ChipTimers<CmsdkClock> = ChipTimers::new(CmsdkClock::new());

/// Timers 0 and 1.
pub struct CmsdkClock {
    counter: WideCounter,
}

impl CmsdkClock {
    const fn new() -> Self {
        Self {
            counter: WideCounter::new(),
        }
    }

    /// Starts the counter.
    pub(crate) fn start(&self) {
        COUNTER.reload.write(u32::MAX);
        COUNTER.value.write(u32::MAX);
        COUNTER.control.write(ENABLE);
        install_clock(|| TIME.clock().now_micros());
    }

    /// Lets the interrupt go.
    fn acknowledge(&self) {
        ALARM.clear.write(1);
    }
}

/// It counts down from what it is set to, so that no alarm can be too near.
impl AlarmClock for CmsdkClock {
    fn now_micros(&self) -> u64 {
        let counts = self.counter.now(|| u32::MAX - COUNTER.value.read());
        counts / COUNTS_PER_MICRO
    }

    fn arm(&self, at_micros: u64) {
        let ahead = at_micros.saturating_sub(self.now_micros());
        let counts = (ahead.clamp(1, REACH_MICROS) * COUNTS_PER_MICRO) as u32;
        ALARM.control.write(0);
        // It comes once: a timer that is reloaded with nothing stops.
        ALARM.reload.write(0);
        ALARM.value.write(counts);
        ALARM.control.write(ENABLE | ENABLE_INTERRUPT);
    }

    fn disarm(&self) {
        self.arm(u64::MAX);
    }

    fn fire_now(&self) {
        pend(TIMER0);
    }
}

/// What the handler of the alarm's interrupt does.
pub fn on_timer() {
    TIME.clock().acknowledge();
    TIME.on_alarm();
}
