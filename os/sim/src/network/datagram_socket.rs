//! A socket of datagrams.

use std::collections::VecDeque;

use super::address::Address;
use crate::disk::Ino;
use crate::errno::Errno;
use crate::ids::{HostId, ObjectId};

/// A datagram that has come.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedDatagram {
    pub(crate) from: Address,
    pub(crate) bytes: Vec<u8>,
}

/// A socket of datagrams.
#[derive(Debug)]
pub(crate) struct DatagramSocket {
    pub(crate) host: HostId,
    pub(crate) local: Address,
    pub(crate) remote: Option<Address>,
    pub(crate) received: VecDeque<ReceivedDatagram>,
    pub(crate) error: Option<Errno>,
    pub(crate) is_read_shut: bool,
    pub(crate) is_write_shut: bool,
    /// The other socket of a pair, which has no name.
    pub(crate) peer: Option<ObjectId>,
    /// Whether messages are those of a connection, which ends.
    pub(crate) is_sequenced: bool,
    /// Whether it takes IPv6 alone.
    pub(crate) is_six_only: bool,
    /// The file that a local socket is bound to.
    pub(crate) node: Option<Ino>,
}

impl DatagramSocket {
    pub(crate) fn new(host: HostId, local: Address) -> Self {
        Self {
            host,
            local,
            remote: None,
            received: VecDeque::new(),
            error: None,
            is_read_shut: false,
            is_write_shut: false,
            peer: None,
            is_sequenced: false,
            is_six_only: false,
            node: None,
        }
    }

    /// Whether it takes what is sent to `target`.
    pub(crate) fn takes(&self, target: &Address) -> bool {
        self.local.takes(target, self.is_six_only)
    }

    /// What `epoll` says of it.
    pub(crate) fn readiness(&self) -> u32 {
        let mut events = libc::EPOLLOUT | libc::EPOLLWRNORM;
        if self.is_sequenced && self.peer.is_none() {
            events |= libc::EPOLLHUP | libc::EPOLLRDHUP;
        }
        if self.is_read_shut && self.is_write_shut {
            events |= libc::EPOLLHUP;
        }
        if self.is_read_shut {
            events |= libc::EPOLLRDHUP;
        }
        if !self.received.is_empty() || self.is_read_shut {
            events |= libc::EPOLLIN | libc::EPOLLRDNORM;
        }
        if self.error.is_some() {
            events |= libc::EPOLLERR;
        }
        events as u32
    }
}
