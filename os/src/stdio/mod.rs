//! The standard streams of the process.

mod reader;
#[cfg(all(unix, feature = "net"))]
mod watched;
#[cfg(not(all(unix, feature = "net")))]
#[path = "no_watched.rs"]
mod watched;

mod input;

mod output;

#[cfg(unix)]
mod fd;
#[cfg(windows)]
mod handle;

pub use input::{Stdin, stdin};
pub use output::{Stderr, Stdout, stderr, stdout};
