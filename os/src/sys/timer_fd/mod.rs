//! Timers of the system that a poller can wait for (`timerfd`); Linux and Android have them.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod linux;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod unsupported;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use linux::{SystemTimer, time_since_boot};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) use unsupported::{SystemTimer, time_since_boot};
