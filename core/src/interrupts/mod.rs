//! Tests of the core as a chip without threads runs it: each protocol with an interrupt handler that
//! comes between any two of its steps, and with signals, at random moments, as the interrupt.
//!
//! A [`Scenario`](harness::Scenario) is what thread level does, what the handler does, and what holds
//! afterwards. Its test sweeps the moment of the interrupt, from the first step of thread level to the
//! last. The test of signals repeats all scenarios with interrupts at moments that nobody chooses.

mod harness;

mod wakes;

mod fixed;

mod locks;

mod executors;

mod timers;

#[cfg(feature = "alloc")]
mod channels;

#[cfg(feature = "alloc")]
mod heap;

#[cfg(target_os = "linux")]
mod signals;
