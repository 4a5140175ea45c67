//! Child processes.
//!
//! A [`Command`] is std's, but the child it makes is waited for, written to and read from without
//! blocking. A child whose handle drops goes on by default, and is reaped when it ends.

mod stdio;

mod orphan;

mod exit;

mod child;

mod command;

pub use child::Child;
pub use command::Command;
pub use stdio::{ChildStderr, ChildStdin, ChildStdout};
