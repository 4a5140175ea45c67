//! Lines that the runtime writes to standard error by itself.
//!
//! Rejected    `eprintln!`: it panics where standard error is a full disk or a pipe that nobody reads. In a panic hook that
//!             ends the process, and on a thread of the runtime's it ends what the thread was for.

use std::fmt;
use std::io::{self, Write};

/// Writes `text` as a line to standard error, if that takes it.
pub(crate) fn report_line(text: fmt::Arguments<'_>) {
    // There is no other place to say it.
    let _written = writeln!(io::stderr().lock(), "{text}");
}
