//! What only Apple's systems have.

use std::time::SystemTime;

use tokio::fs::FileTimes;

const CREATED: fn(FileTimes, SystemTime) -> FileTimes = FileTimes::set_created;
