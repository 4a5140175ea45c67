#![no_std]
//! A measuring station: one application that runs on a microcontroller, on a Linux board and on a server, from the same source.
//!
//! ```text
//! sensor ──measure()──▶ channel of 8 ──▶ filter ──lines──▶ sink
//!    └ at most 50 ms        ▲
//! button ──presses──────────┘
//! ```
//!
//! A task asks the [`Sensor`] once a period and gives up after a time limit; another waits for the button; a third takes what both send, smooths the
//! values and writes a line when it has a mean, when the sensor is silent, and when the button asks. The parts know traits alone (embedded-hal-async,
//! embedded-io-async, [`Sensor`]), and `selkie_core` finds whatever executor runs. So a chip gives it an I²C device, a GPIO pin and a serial line, a
//! Linux board `/sys`, a line of the GPIO device and standard output, and a test a script, under paused time.

mod filter;
mod line;
mod sensor;
mod station;

pub use filter::Filter;
pub use sensor::Sensor;
pub use station::{Config, Station};
