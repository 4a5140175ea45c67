//! The creation time of a file, on systems where it can be set.

use std::time::SystemTime;

use super::file_times::FileTimes;
use crate::sys::set_created;

impl FileTimes {
    /// Sets the creation time of the file (Windows and the systems of Apple).
    #[inline]
    pub fn set_created(mut self, t: SystemTime) -> Self {
        self.times = set_created(self.times, t);
        self
    }
}
