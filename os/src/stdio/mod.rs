//! The standard streams of the process.

mod unread_input;

mod input_thread;
mod polled_input;

mod input_reader;

mod input;

mod output;

#[cfg(unix)]
mod fd;
#[cfg(windows)]
mod handle;

pub use input::{Stdin, stdin};
pub use output::{Stderr, Stdout, stderr, stdout};
