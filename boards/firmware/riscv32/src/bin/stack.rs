#![no_std]
#![no_main]
//! How much stack a program takes on this chip.

use firmware_riscv32::{SLEEP, start};
use firmware_stack::{Stack, run};
use riscv_rt::entry;
use selkie_core::executor::{Arena, Executor};

static ARENA: Arena<5, 1024> = Arena::new();
static EXECUTOR: Executor = Executor::new(&SLEEP, &ARENA);

/// The stack, as the linker's script has it.
#[allow(unsafe_code)]
fn stack() -> &'static Stack {
    // SAFETY: symbols of the linker's script, of which nobody reads more than the addresses.
    unsafe extern "C" {
        safe static _stack_start: u32;
        safe static __estack: u32;
    }
    let (top, bottom) = (&raw const _stack_start, &raw const __estack);
    // SAFETY: the script puts nothing else there.
    let stack = unsafe { Stack::new(bottom.expose_provenance(), top.expose_provenance()) };
    firmware_stack::keep(stack)
}

#[entry]
fn main() -> ! {
    run(stack(), start(), &SLEEP, &EXECUTOR)
}
