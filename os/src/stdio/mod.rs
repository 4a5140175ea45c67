//! The standard streams of the process.

#[cfg(all(unix, feature = "net"))]
mod input;
#[cfg(not(all(unix, feature = "net")))]
#[path = "no_input.rs"]
mod input;

mod streams;

#[cfg(unix)]
mod fd;

pub use streams::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
