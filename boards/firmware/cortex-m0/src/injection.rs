//! Timer 1, which makes an interrupt come after so many sixteenths of a microsecond.
#![allow(unsafe_code)]

use firmware_cortex_m::{Irq, Register, enable};

/// The interrupt of timer 1.
pub const INJECTED: Irq = Irq::new(9);

/// A register of timer 1.
const fn register(offset: usize) -> Register {
    // SAFETY: `offset` is one of those below, from the chip's manual.
    unsafe { Register::new(0x4000_9000 + offset) }
}

const TASKS_START: Register = register(0);
const TASKS_STOP: Register = register(0x004);
const TASKS_CLEAR: Register = register(0x00c);
const EVENTS_COMPARE_0: Register = register(0x140);
const INTENSET: Register = register(0x304);
const PRESCALER: Register = register(0x510);
const CC_0: Register = register(0x540);

/// Lets the interrupt come, at the alarm's priority.
pub fn enable_injection() {
    PRESCALER.write(0);
    INTENSET.write(1 << 16);
    enable(INJECTED, 0);
}

/// Makes it come once, after `counts` of 62.5 nanoseconds.
pub fn inject_after(counts: u32) {
    TASKS_STOP.write(1);
    TASKS_CLEAR.write(1);
    EVENTS_COMPARE_0.write(0);
    CC_0.write(counts);
    TASKS_START.write(1);
}

/// Lets the interrupt go.
pub fn acknowledge_injected() {
    TASKS_STOP.write(1);
    EVENTS_COMPARE_0.write(0);
}
