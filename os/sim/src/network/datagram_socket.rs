//! A socket of datagrams.

use std::collections::VecDeque;

use super::address::Address;
use crate::errno::Errno;
use crate::ids::HostId;

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
}

impl DatagramSocket {
    /// What `epoll` says of it.
    pub(crate) fn readiness(&self) -> u32 {
        let mut events = libc::EPOLLOUT;
        if !self.received.is_empty() || self.is_read_shut {
            events |= libc::EPOLLIN;
        }
        if self.error.is_some() {
            events |= libc::EPOLLERR | libc::EPOLLIN;
        }
        events as u32
    }
}
