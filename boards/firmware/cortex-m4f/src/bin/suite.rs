#![no_std]
#![no_main]
//! The suite on this chip.

use cortex_m_rt::{entry, exception};
use firmware_cortex_m::suite;
use firmware_cortex_m4f::{on_timer, start};

// SAFETY: what the handlers touch is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(number: i16) {
    suite::on_interrupt(number, on_timer);
}

#[entry]
fn main() -> ! {
    suite::run(start())
}
