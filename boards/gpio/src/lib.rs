#![cfg(target_os = "linux")]
//! Lines of Linux's GPIO device as embedded-hal's pins.
//!
//! A driver that is written against embedded-hal's traits then runs in a hosted program as it is:
//! edges wake it through the runtime's poller, no thread waits.

mod chip;
mod line;

pub use chip::{ChipLine, open};
pub use line::{Device, Edge, Line, LineError};
