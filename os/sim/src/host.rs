//! What a host is, beside its threads and sockets.

use std::net::IpAddr;

use crate::ids::{HostId, ThreadId};

/// The host on which the script of the world runs.
pub(crate) const WORLD: HostId = HostId(0);

/// What a host is.
#[derive(Debug)]
pub(crate) struct HostState {
    pub(crate) name: String,
    pub(crate) addresses: Vec<IpAddr>,
    /// The threads that would run, while the host stands still.
    pub(crate) paused: Option<Vec<ThreadId>>,
    /// How many processors its programs see.
    pub(crate) processors: usize,
    /// How far its wall clock is from the world's, in nanoseconds.
    pub(crate) wall_offset: i64,
    /// How its last start has ended: not yet, well, or with what a panic said.
    pub(crate) ended: Option<Result<(), String>>,
    pub(crate) is_up: bool,
}

impl HostState {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            addresses: Vec::new(),
            paused: None,
            processors: 2,
            wall_offset: 0,
            ended: None,
            is_up: false,
        }
    }

    pub(crate) fn world() -> Self {
        Self {
            is_up: true,
            ..Self::new("world")
        }
    }
}
