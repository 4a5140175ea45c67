#![no_std]
//! A debounced button that tells short presses from long ones.
//!
//! Written once against embedded-hal's traits, it names neither a chip nor an executor: firmware
//! gives it a pin with an interrupt, a hosted program a line of Linux's GPIO device, a test a
//! script.

mod button;
mod select;

pub use button::{Button, Press, Timing};
