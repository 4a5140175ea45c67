//! The clock: a 32-bit counter of microseconds, which wraps every 71 minutes, made 64 bits wide.
#![allow(unsafe_code)]

use firmware_cortex_m::{Register, TIMER0, WideCounter, pend};
use selkie_core::executor::{AlarmClock, ChipTimers};
use selkie_core::time::install_clock;

/// A register of timer 0.
const fn register(offset: usize) -> Register {
    // SAFETY: `offset` is one of those below, from the chip's manual.
    unsafe { Register::new(0x4000_8000 + offset) }
}

const TASKS_START: Register = register(0);
const TASKS_CAPTURE_1: Register = register(0x044);
const EVENTS_COMPARE_0: Register = register(0x140);
const INTENSET: Register = register(0x304);
const BITMODE: Register = register(0x508);
const PRESCALER: Register = register(0x510);
const CC_0: Register = register(0x540);
const CC_1: Register = register(0x544);

/// Half a lap of the counter.
const REACH_MICROS: u64 = 1 << 31;

/// The chip's timers.
pub static TIME: ChipTimers<NrfClock> = ChipTimers::new(NrfClock::new());

/// Timer 0.
pub struct NrfClock {
    counter: WideCounter,
}

impl NrfClock {
    const fn new() -> Self {
        Self {
            counter: WideCounter::new(),
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

    // Called, since it is read in many places.
    #[inline(never)]
    fn now_micros(&self) -> u64 {
        self.counter.now(|| {
            TASKS_CAPTURE_1.write(1);
            CC_1.read()
        })
    }

    #[inline(never)]
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
