//! Signals of the operating system.
//!
//! The first listener to a kind of signal replaces what the system does by default, and that stays
//! so for the life of the process, also when all listeners have dropped, unless one of them was told
//! to put it back.

#[cfg(unix)]
pub mod unix;

#[cfg(any(
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd"
))]
mod unix_info;

#[cfg(windows)]
pub mod windows;

#[cfg(unix)]
mod ctrl_c;
#[cfg(windows)]
#[path = "windows_ctrl_c.rs"]
mod ctrl_c;

#[cfg(any(unix, windows))]
pub use ctrl_c::ctrl_c;
