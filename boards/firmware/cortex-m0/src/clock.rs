//! The clock: a 32-bit counter of microseconds, which wraps every 71 minutes, made 64 bits wide.
//!
//! Invariants  I1 the counter is read at least once a lap: the alarm is never set further ahead than
//!                half of one.

use selkie_core::executor::{AlarmClock, ChipTimers};
use selkie_core::platform::{Lock, install_clock};

use crate::interrupts::{TIMER0, pend};
use crate::register::Register;

const BASE: usize = 0x4000_8000;
const TASKS_START: Register = Register(BASE);
const TASKS_CAPTURE_1: Register = Register(BASE + 0x044);
const EVENTS_COMPARE_0: Register = Register(BASE + 0x140);
const INTENSET: Register = Register(BASE + 0x304);
const BITMODE: Register = Register(BASE + 0x508);
const PRESCALER: Register = Register(BASE + 0x510);
const CC_0: Register = Register(BASE + 0x540);
const CC_1: Register = Register(BASE + 0x544);

/// Half a lap of the counter.
const REACH_MICROS: u64 = 1 << 31;

/// The chip's timers.
pub static TIME: ChipTimers<NrfClock> = ChipTimers::new(NrfClock::new());

/// Timer 0.
pub struct NrfClock {
    /// The counter when it was last read, and its laps until then.
    read: Lock<(u32, u32)>,
}

impl NrfClock {
    const fn new() -> Self {
        Self {
            read: Lock::new((0, 0)),
        }
    }

    /// Starts the counter.
    pub(crate) fn start(&self) {
        BITMODE.write(3);
        PRESCALER.write(4);
        INTENSET.write(1 << 16);
        TASKS_START.write(1);
        install_clock(|| TIME.clock().now_micros());
    }

    /// Lets the interrupt go.
    fn acknowledge(&self) {
        EVENTS_COMPARE_0.write(0);
    }
}

impl AlarmClock for NrfClock {
    /// The comparator fires on equality, and the counter may move on while it is set.
    const LEAD_MICROS: u64 = 2;

    fn now_micros(&self) -> u64 {
        let mut read = self.read.lock();
        TASKS_CAPTURE_1.write(1);
        let counter = CC_1.read();
        if counter < read.0 {
            read.1 += 1;
        }
        read.0 = counter;
        u64::from(read.1) << 32 | u64::from(counter)
    }

    fn arm(&self, at_micros: u64) {
        let furthest = self.now_micros() + REACH_MICROS;
        CC_0.write(at_micros.min(furthest) as u32);
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
