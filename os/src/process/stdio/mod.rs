//! The pipes between a process and its child.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::{ChildStderr, ChildStdin, ChildStdout};
#[cfg(windows)]
pub use windows::{ChildStderr, ChildStdin, ChildStdout};
