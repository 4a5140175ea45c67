//! Times of a file, to be set.

use std::time::SystemTime;

/// Which times of a file to set, and to what; see [`File::set_times`](super::File::set_times).
#[derive(Debug, Clone, Default)]
#[must_use = "times change nothing until a file is given them"]
pub struct FileTimes {
    pub(super) times: std::fs::FileTimes,
}

impl FileTimes {
    /// No times: setting them changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time of the last access.
    pub fn set_accessed(mut self, t: SystemTime) -> Self {
        self.times = self.times.set_accessed(t);
        self
    }

    /// Sets the time of the last change.
    pub fn set_modified(mut self, t: SystemTime) -> Self {
        self.times = self.times.set_modified(t);
        self
    }

    pub(super) fn into_std(self) -> std::fs::FileTimes {
        self.times
    }
}
