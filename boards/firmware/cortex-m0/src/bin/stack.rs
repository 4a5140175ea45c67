#![no_std]
#![no_main]
//! How much stack a program takes on this chip.

use cortex_m_rt::{entry, exception};
use firmware_cortex_m::SLEEP;
use firmware_cortex_m0::{on_timer, start};
use firmware_stack::{Stack, run};
use selkie_core::executor::{Arena, Executor};

static ARENA: Arena<5, 1024> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

/// The one interrupt that is on is the alarm's.
// SAFETY: what the handler touches is shared by locks and atomics.
#[exception]
#[allow(unsafe_code)]
unsafe fn DefaultHandler(_number: i16) {
    on_timer();
}

/// The stack, as the linker's script has it.
#[allow(unsafe_code)]
fn stack() -> &'static Stack {
    // SAFETY: symbols of the linker's script, of which nobody reads more than the addresses.
    unsafe extern "C" {
        safe static _stack_start: u32;
        safe static _stack_end: u32;
    }
    let (top, bottom) = (&raw const _stack_start, &raw const _stack_end);
    // SAFETY: the script puts nothing else there.
    let stack = unsafe { Stack::new(bottom.expose_provenance(), top.expose_provenance()) };
    firmware_stack::keep(stack)
}

#[entry]
fn main() -> ! {
    run(stack(), start(), &SLEEP, &EXECUTOR)
}
