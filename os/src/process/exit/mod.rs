//! Waiting for the exit of a child.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub(super) use unix::{ExitListener, try_wait};
#[cfg(windows)]
pub(super) use windows::{ExitListener, try_wait};
