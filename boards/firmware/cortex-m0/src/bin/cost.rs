#![no_std]
#![no_main]
//! The program whose instructions are counted, on this chip.

use cortex_m_rt::{entry, exception};
use firmware_cortex_m::cost;
use firmware_cortex_m0::{on_timer, start};

/// The one interrupt that is on is the alarm's.
// SAFETY: what the handler touches is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(_number: i16) {
    on_timer();
}

#[entry]
fn main() -> ! {
    cost::run(start())
}
