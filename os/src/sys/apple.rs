//! What Apple's systems have beyond Unix.

use std::fs::FileTimes;
use std::os::darwin::fs::FileTimesExt;
use std::time::SystemTime;

/// `times`, with the time at which a file was made.
pub(crate) fn set_created(times: FileTimes, created: SystemTime) -> FileTimes {
    FileTimesExt::set_created(times, created)
}
