//! The dual timer's first half, which makes an interrupt come after so many cycles of 40 nanoseconds.
#![allow(unsafe_code)]

use firmware_cortex_m::{Irq, Register, enable};

/// The interrupt of the dual timer.
pub const INJECTED: Irq = Irq::new(10);

/// A register of the dual timer.
const fn register(offset: usize) -> Register {
    // SAFETY: `offset` is one of those below, from the chip's manual.
    unsafe { Register::new(0x4000_2000 + offset) }
}

const LOAD: Register = register(0);
const CONTROL: Register = register(0x008);
const CLEAR: Register = register(0x00c);

const ENABLE: u32 = 1 << 7;
const ENABLE_INTERRUPT: u32 = 1 << 5;
const HAS_32_BITS: u32 = 1 << 1;
const ONCE: u32 = 1;

/// Lets the interrupt come, at the alarm's priority.
pub fn enable_injection() {
    CONTROL.write(0);
    enable(INJECTED, 0);
}

/// Makes it come once, after `counts` of 40 nanoseconds.
pub fn inject_after(counts: u32) {
    CONTROL.write(ENABLE_INTERRUPT | HAS_32_BITS | ONCE);
    CLEAR.write(1);
    LOAD.write(counts);
    CONTROL.write(ENABLE | ENABLE_INTERRUPT | HAS_32_BITS | ONCE);
}

/// Lets the interrupt go.
pub fn acknowledge_injected() {
    CONTROL.write(0);
    CLEAR.write(1);
}
