//! Signals of the operating system.
//!
//! The first listener to a kind of signal replaces what the system does by default, and that stays
//! so for the life of the process, also when all listeners have dropped, unless one of them was told
//! to put it back.

#[cfg(unix)]
pub mod unix;

#[cfg(windows)]
pub mod windows;

#[cfg(unix)]
mod ctrl_c;
#[cfg(windows)]
#[path = "windows_ctrl_c.rs"]
mod ctrl_c;

#[cfg(any(unix, windows))]
pub use ctrl_c::ctrl_c;
