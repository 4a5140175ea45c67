//! A socket that takes connections.

use std::collections::VecDeque;

use super::address::Address;
use crate::ids::EndpointId;
use crate::ids::HostId;

/// A socket that takes connections.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) host: HostId,
    pub(crate) local: Address,
    pub(crate) backlog: usize,
    /// Connections that the program has not taken yet.
    pub(crate) queue: VecDeque<EndpointId>,
}
