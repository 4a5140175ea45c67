//! Children whose handle was dropped.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{adopt, reap};
#[cfg(windows)]
pub(super) use windows::{adopt, reap};
