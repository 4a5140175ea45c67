//! The standard streams of the process.

mod streams;

#[cfg(unix)]
mod fd;

pub use streams::{Stderr, Stdin, Stdout, stderr, stdin, stdout};
