//! The interrupt controller.

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use selkie_core::park::Unpark;

/// A number of the chip's interrupt controller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Irq(u8);

/// The alarm's interrupt.
pub const TIMER0: Irq = Irq(8);

impl Irq {
    /// The interrupt of that number.
    ///
    /// # Panics
    /// From 32 on: the chip has no more.
    pub const fn new(number: u8) -> Self {
        assert!(number < 32);
        Self(number)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

// SAFETY: the chip has 32 interrupts, and `new` makes no other number.
unsafe impl InterruptNumber for Irq {
    fn number(self) -> u16 {
        self.0.into()
    }
}

/// Makes an interrupt come.
pub fn pend(irq: Irq) {
    NVIC::pend(irq);
}

/// Lets an interrupt come, at `priority`: the lower, the more urgent.
pub fn enable(irq: Irq, priority: u8) {
    // SAFETY: the register is the controller's, and only this function changes priorities.
    let mut core = unsafe { cortex_m::Peripherals::steal() };
    // SAFETY: no critical section relies on priorities: they mask every interrupt.
    unsafe { core.NVIC.set_priority(irq, priority) };
    // SAFETY: handlers share nothing with the rest but by locks and atomics.
    unsafe { NVIC::unmask(irq) };
}

/// Ends the "sleep" of an executor that is an interrupt's handler: makes the interrupt come.
pub struct Pend(pub Irq);

impl Unpark for Pend {
    fn unpark(&self) {
        pend(self.0);
    }
}
