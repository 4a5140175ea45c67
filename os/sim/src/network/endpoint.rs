//! One end of a connection.

use std::collections::VecDeque;

use super::address::Address;
use super::delivery::Segment;
use crate::errno::Errno;
use crate::ids::{EndpointId, HostId, ObjectId};

/// Bytes that one end may have sent and the other not read.
pub(crate) const WINDOW: usize = 256 * 1024;

/// Objects that were passed with a part of the bytes of a local connection.
#[derive(Debug)]
pub(crate) struct PassedObjects {
    /// Where these bytes begin and end, of all that ever came.
    pub(crate) begin: u64,
    pub(crate) end: u64,
    pub(crate) objects: Vec<ObjectId>,
}

/// One end of a connection: of TCP or of a local socket.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) host: HostId,
    /// The object that the program has, until it closes it.
    pub(crate) object: Option<ObjectId>,
    pub(crate) local: Address,
    pub(crate) remote: Address,
    pub(crate) peer: Option<EndpointId>,
    /// Within a host: what is sent is there at once.
    pub(crate) is_instant: bool,
    pub(crate) received: VecDeque<u8>,
    /// The other end sends no more.
    pub(crate) is_finished: bool,
    pub(crate) is_read_shut: bool,
    pub(crate) is_write_shut: bool,
    /// Bytes that were sent and that the other end has not read.
    pub(crate) outstanding: usize,
    /// Bytes that were read since the other end was notified.
    pub(crate) untold: usize,
    /// An error that the next call reports.
    pub(crate) error: Option<Errno>,
    /// The connection is gone.
    pub(crate) is_broken: bool,
    /// When what was sent last arrives.
    pub(crate) arrives: u64,
    /// What did not get through.
    pub(crate) stalled: VecDeque<Segment>,
    /// How often what is stalled was sent again.
    pub(crate) tries: u32,
    /// Whether a call has reported to the program that it is connected.
    pub(crate) is_reported: bool,
    /// Bytes that were sent and read since the connection began, of a local one.
    pub(crate) sent: u64,
    pub(crate) read: u64,
    /// Objects that were passed with bytes that have come.
    pub(crate) passed: VecDeque<PassedObjects>,
}

impl Endpoint {
    pub(crate) fn new(host: HostId, local: Address, remote: Address) -> Self {
        Self {
            host,
            object: None,
            local,
            remote,
            peer: None,
            is_instant: false,
            received: VecDeque::new(),
            is_finished: false,
            is_read_shut: false,
            is_write_shut: false,
            outstanding: 0,
            untold: 0,
            error: None,
            is_broken: false,
            arrives: 0,
            stalled: VecDeque::new(),
            tries: 0,
            is_reported: false,
            sent: 0,
            read: 0,
            passed: VecDeque::new(),
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.peer.is_some()
    }

    /// What `epoll` says of it.
    pub(crate) fn readiness(&self) -> u32 {
        let mut events = 0;
        let is_connecting = self.peer.is_none() && !self.is_broken;
        if is_connecting {
            return 0;
        }
        let no_more = self.is_finished || self.is_read_shut || self.is_broken;
        if !self.received.is_empty() || no_more {
            events |= libc::EPOLLIN | libc::EPOLLRDNORM;
        }
        if no_more {
            events |= libc::EPOLLRDHUP;
        }
        if self.outstanding < WINDOW || self.is_write_shut || self.is_broken {
            events |= libc::EPOLLOUT | libc::EPOLLWRNORM;
        }
        if self.is_broken || (no_more && self.is_write_shut) {
            events |= libc::EPOLLHUP;
        }
        if self.error.is_some() {
            events |= libc::EPOLLERR;
        }
        events as u32
    }
}
