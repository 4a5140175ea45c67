//! Signals of the operating system.
//!
//! The first listener to a kind of signal replaces the default action of the system. That lasts for the life of the
//! process, even after all listeners were dropped, unless one of them was asked to restore the previous action.

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

#[cfg(all(unix, feature = "taskdump"))]
mod unix_dumps;

#[cfg(windows)]
pub mod windows;

#[cfg(any(unix, windows))]
mod ctrl_c;

#[cfg(any(unix, windows))]
pub use ctrl_c::ctrl_c;
