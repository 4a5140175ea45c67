//! Child processes.
//!
//! A [`Command`] is std's, but the child it makes is waited for, written to and read from without
//! blocking. A child whose handle drops goes on by default, and is reaped when it ends.

#[cfg(unix)]
mod stdio;
#[cfg(windows)]
#[path = "windows_stdio.rs"]
mod stdio;

#[cfg(unix)]
mod orphan;
#[cfg(windows)]
#[path = "windows_orphan.rs"]
mod orphan;

#[cfg(unix)]
mod exit;
#[cfg(windows)]
#[path = "windows_exit.rs"]
mod exit;

mod child;

mod command;

#[cfg(unix)]
#[path = "unix_command.rs"]
mod command_unix;
#[cfg(windows)]
#[path = "windows_command.rs"]
mod command_windows;

pub use child::Child;
pub use command::Command;
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};
