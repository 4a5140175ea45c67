//! Child processes.
//!
//! A [`Command`] is the builder of std, but the child that it makes is waited for, written to and read from without
//! blocking. A child whose handle is dropped goes on by default, and is reaped when it ends.

mod stdio;

mod exit;

mod orphan;

mod child;

mod command;

#[cfg(unix)]
mod unix_command;
#[cfg(windows)]
mod windows_command;

pub use child::Child;
pub use command::Command;
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};
