//! Who handles which interrupt, and how urgent it is.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::{NVIC, Peripherals};
use cortex_m_rt::exception;
use selkie_core::executor::{Arena, Executor};
use selkie_core::park::Unpark;

use crate::clock::TIME;

/// A number of the chip's interrupt controller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Irq(u16);

/// The alarm's interrupt.
pub(crate) const TIMER0: Irq = Irq(8);
/// The interrupt that the suite makes come.
pub const SUITE: Irq = Irq(20);
/// The interrupt whose handler is the urgent executor.
const EXECUTOR: Irq = Irq(21);

// SAFETY: the chip has 32 interrupts, and each constant above is the number of one.
unsafe impl InterruptNumber for Irq {
    fn number(self) -> u16 {
        self.0
    }
}

/// Makes an interrupt come.
pub fn pend(irq: Irq) {
    NVIC::pend(irq);
}

/// Ends the "sleep" of an executor that is an interrupt handler.
struct Pend(Irq);

impl Unpark for Pend {
    fn unpark(&self) {
        pend(self.0);
    }
}

static URGENT_ARENA: Arena<2, 96> = Arena::new();

/// The executor that preempts thread mode.
pub static URGENT: Executor = Executor::new(&Pend(EXECUTOR), &URGENT_ARENA);

/// Starts the clock and the interrupts, and gives the timers to the urgent executor and to
/// `thread`.
///
/// # Panics
/// If it was called before.
pub fn start(thread: &Executor) {
    let mut peripherals = Peripherals::take().expect("started twice");
    TIME.clock().start();
    let home = TIME.start();
    URGENT.set_timers(home);
    thread.set_timers(home);
    for (irq, priority) in [(TIMER0, 0), (EXECUTOR, 0x40), (SUITE, 0x80)] {
        // SAFETY: no critical section relies on priorities: they mask every interrupt.
        unsafe { peripherals.NVIC.set_priority(irq, priority) };
        // SAFETY: what the handlers touch was set up above.
        unsafe { NVIC::unmask(irq) };
    }
}

/// Handles every interrupt, by its number.
// SAFETY: the handlers touch statics that are shared by locks and atomics.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    match Irq(number as u16) {
        TIMER0 => {
            TIME.clock().acknowledge();
            TIME.on_alarm();
        }
        EXECUTOR => URGENT.on_interrupt(),
        SUITE => selkie_cases::on_interrupt(),
        _ => panic!("interrupt {number} has no handler"),
    }
}
