//! The time at which a file was made, on systems that let it be set.

use std::time::SystemTime;

use super::file_times::FileTimes;
use crate::sys::set_created;

impl FileTimes {
    /// Sets the time at which the file was made (Windows and Apple's systems).
    pub fn set_created(mut self, t: SystemTime) -> Self {
        self.times = set_created(self.times, t);
        self
    }
}
