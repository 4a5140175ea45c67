//! Who handles which interrupt.
//!
//! The one software interrupt has two users, the suite and an executor; two flags tell whose it is.

use riscv::interrupt::Interrupt;
use riscv_rt::core_interrupt;
use selkie_core::executor::{Arena, Executor};
use selkie_core::park::Unpark;
use selkie_core::platform::{AtomicBool, Ordering};

use crate::clock::TIME;
use crate::register::Register;

const MSIP: Register = Register(0x0200_0000);

static FOR_SUITE: AtomicBool = AtomicBool::new(false);
static FOR_EXECUTOR: AtomicBool = AtomicBool::new(false);

/// Makes the suite's interrupt come.
pub fn interrupt() {
    // Release: pairs with the Acquire in the handler.
    FOR_SUITE.store(true, Ordering::Release);
    MSIP.write(1);
}

/// Ends the "sleep" of an executor that is an interrupt handler.
struct Pend;

impl Unpark for Pend {
    fn unpark(&self) {
        // Release: pairs with the Acquire in the handler.
        FOR_EXECUTOR.store(true, Ordering::Release);
        MSIP.write(1);
    }
}

static URGENT_ARENA: Arena<2, 96> = Arena::new();

/// The executor that preempts thread mode.
pub static URGENT: Executor = Executor::new(&Pend, &URGENT_ARENA);

/// Starts the clock and the interrupts, and gives the timers to the urgent executor and to
/// `thread`.
pub fn start(thread: &Executor) {
    TIME.clock().start();
    let home = TIME.start();
    URGENT.set_timers(home);
    thread.set_timers(home);
    for interrupt in [Interrupt::MachineTimer, Interrupt::MachineSoft] {
        // SAFETY: what the handlers touch was set up above.
        unsafe { riscv::interrupt::enable_interrupt(interrupt) };
    }
    // SAFETY: as above; no critical section is running.
    unsafe { riscv::interrupt::enable() };
}

#[core_interrupt(Interrupt::MachineTimer)]
fn on_timer() {
    TIME.on_alarm();
}

#[core_interrupt(Interrupt::MachineSoft)]
fn on_software() {
    MSIP.write(0);
    // Acquire: pairs with the Release of who made it come.
    if FOR_SUITE.swap(false, Ordering::Acquire) {
        selkie_cases::on_interrupt();
    }
    // Acquire: as above.
    if FOR_EXECUTOR.swap(false, Ordering::Acquire) {
        URGENT.on_interrupt();
    }
}
