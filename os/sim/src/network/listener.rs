//! A socket that takes connections.

use std::collections::VecDeque;

use super::address::Address;
use crate::disk::Ino;
use crate::ids::EndpointId;
use crate::ids::HostId;

/// A socket that takes connections.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) host: HostId,
    pub(crate) local: Address,
    pub(crate) backlog: usize,
    /// Whether it takes IPv6 alone.
    pub(crate) is_six_only: bool,
    /// The file that a local socket is bound to.
    pub(crate) node: Option<Ino>,
    /// Connections that the program has not taken yet.
    pub(crate) queue: VecDeque<EndpointId>,
}

impl Listener {
    /// Whether it takes connections to `target`.
    pub(crate) fn takes(&self, target: &Address) -> bool {
        self.local.takes(target, self.is_six_only)
    }
}
