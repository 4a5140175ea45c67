//! What an `epoll` watches.

use std::collections::BTreeMap;

use crate::ids::ObjectId;

/// One thing that a poller watches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Interest {
    pub(super) object: ObjectId,
    pub(super) events: u32,
    pub(super) data: u64,
    /// The object's changes that were reported already.
    pub(super) seen: u64,
    /// Reported once, and off until it is changed.
    pub(super) is_spent: bool,
}

/// What an `epoll` watches.
#[derive(Debug, Default)]
pub(crate) struct Poller {
    pub(super) interests: BTreeMap<(i32, ObjectId), Interest>,
}

impl Poller {
    pub(crate) fn watched(&self) -> Vec<ObjectId> {
        self.interests
            .values()
            .map(|interest| interest.object)
            .collect()
    }
}
