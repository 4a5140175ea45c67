//! What calls said, line by line.

use std::fmt::Debug;

/// What calls said, line by line.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) lines: Vec<String>,
}

impl Log {
    /// Adds what a call said.
    pub(crate) fn say(&mut self, what: &str, said: impl Debug) {
        self.lines.push(format!("{what}: {said:?}"));
    }
}
