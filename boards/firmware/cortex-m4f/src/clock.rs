//! The clock: a 32-bit counter at 25 megahertz, which wraps every 171 seconds, made 64 bits wide.
//!
//! Invariants  I1 the counter is read at least once a lap: the alarm is never set further ahead than
//!                a third of one.

use selkie_core::executor::{AlarmClock, ChipTimers};
use selkie_core::platform::{Lock, install_clock};

use crate::interrupts::{TIMER0, pend};
use crate::register::Register;

const ALARM: usize = 0x4000_0000;
const COUNTER: usize = 0x4000_1000;
const CTRL: usize = 0x0;
const VALUE: usize = 0x4;
const RELOAD: usize = 0x8;
const INTCLEAR: usize = 0xc;
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
    /// The counter when it was last read, and its laps until then.
    read: Lock<(u32, u32)>,
}

impl CmsdkClock {
    const fn new() -> Self {
        Self {
            read: Lock::new((0, 0)),
        }
    }

    /// Starts the counter.
    pub(crate) fn start(&self) {
        Register(COUNTER + RELOAD).write(u32::MAX);
        Register(COUNTER + VALUE).write(u32::MAX);
        Register(COUNTER + CTRL).write(ENABLE);
        install_clock(|| TIME.clock().now_micros());
    }

    /// Lets the interrupt go.
    fn acknowledge(&self) {
        Register(ALARM + INTCLEAR).write(1);
    }
}

/// It counts down from what it is set to, so that no alarm can be too near.
impl AlarmClock for CmsdkClock {
    fn now_micros(&self) -> u64 {
        let mut read = self.read.lock();
        let counter = u32::MAX - Register(COUNTER + VALUE).read();
        if counter < read.0 {
            read.1 += 1;
        }
        read.0 = counter;
        (u64::from(read.1) << 32 | u64::from(counter)) / COUNTS_PER_MICRO
    }

    fn arm(&self, at_micros: u64) {
        let ahead = at_micros.saturating_sub(self.now_micros());
        let counts = (ahead.clamp(1, REACH_MICROS) * COUNTS_PER_MICRO) as u32;
        Register(ALARM + CTRL).write(0);
        Register(ALARM + RELOAD).write(counts);
        Register(ALARM + VALUE).write(counts);
        Register(ALARM + CTRL).write(ENABLE | ENABLE_INTERRUPT);
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
