//! The machine's real-time clock, whose alarm makes an interrupt come after so many instructions.
//!
//! It counts nanoseconds of the emulator's time, of which an instruction takes 32: `-icount shift=5`, and `-rtc clock=vm`. Its interrupt comes
//! through the platform's interrupt controller, as source 11.
#![allow(unsafe_code)]

use riscv::interrupt::Interrupt;

use crate::register::Register;

const TIME_LOW: Register = Register(0x0010_1000);
const TIME_HIGH: Register = Register(0x0010_1004);
const ALARM_LOW: Register = Register(0x0010_1008);
const ALARM_HIGH: Register = Register(0x0010_100c);
const IRQ_ENABLED: Register = Register(0x0010_1010);
const CLEAR_ALARM: Register = Register(0x0010_1014);
const CLEAR_INTERRUPT: Register = Register(0x0010_101c);

/// The clock's interrupt source.
const SOURCE: u32 = 11;
const PRIORITY: Register = Register(0x0c00_0000 + 4 * SOURCE as usize);
const ENABLED: Register = Register(0x0c00_2000);
const THRESHOLD: Register = Register(0x0c20_0000);
const CLAIM: Register = Register(0x0c20_0004);

/// No longer than an instruction.
const COUNT_NANOS: u64 = 30;

/// Lets the interrupt come.
pub fn enable_injection() {
    PRIORITY.write(1);
    ENABLED.write(1 << SOURCE);
    THRESHOLD.write(0);
    IRQ_ENABLED.write(1);
    // SAFETY: its handler shares nothing with the rest but by locks and atomics.
    unsafe { riscv::interrupt::enable_interrupt(Interrupt::MachineExternal) };
}

/// Makes it come once, after `counts` of thirty nanoseconds.
pub fn inject_after(counts: u32) {
    CLEAR_ALARM.write(1);
    // The low word first: it keeps the high one of the same moment.
    let low = TIME_LOW.read();
    let now = u64::from(TIME_HIGH.read()) << 32 | u64::from(low);
    let at = now + u64::from(counts) * COUNT_NANOS;
    // The low word arms.
    ALARM_HIGH.write((at >> 32) as u32);
    ALARM_LOW.write(at as u32);
}

/// Lets the interrupt go.
pub fn acknowledge_injected() {
    let source = CLAIM.read();
    CLEAR_INTERRUPT.write(1);
    CLAIM.write(source);
}
