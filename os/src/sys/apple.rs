//! What the systems of Apple have beyond Unix.

use std::fs::FileTimes;
use std::os::darwin::fs::FileTimesExt;
use std::time::SystemTime;

/// `times`, with a creation time.
pub(crate) fn set_created(times: FileTimes, created: SystemTime) -> FileTimes {
    FileTimesExt::set_created(times, created)
}
