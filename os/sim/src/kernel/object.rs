//! Open objects: what descriptors stand for.

use std::collections::BTreeMap;

use super::interests::Poller;
use crate::disk::OpenFile;
use crate::ids::{EndpointId, HostId, ObjectId, PipeId};

/// What an object is.
#[derive(Debug)]
pub(crate) enum Object {
    /// An event counter, `eventfd`.
    Counter { value: u64, is_semaphore: bool },
    /// An `epoll`.
    Poller(Poller),
    /// A socket that is neither connected nor listening yet.
    Socket,
    /// One end of a connection, of TCP or local.
    Stream(EndpointId),
    /// One end of a pipe.
    Pipe { pipe: PipeId, is_writer: bool },
    /// A socket that listens; the network has the rest.
    Listener,
    /// A socket of datagrams; the network has the rest.
    Datagram,
    /// An open file or directory; the disk of its host has the rest.
    File(OpenFile),
    /// `/dev/urandom`: numbers that the seed decides.
    Entropy,
}

/// An object and who knows it.
#[derive(Debug)]
pub(crate) struct OpenObject {
    pub(crate) object: Object,
    pub(crate) host: HostId,
    /// Descriptors that stand for it.
    pub(crate) references: usize,
    pub(crate) is_nonblocking: bool,
    /// The domain of a socket; 0 for what is none.
    pub(crate) domain: i32,
    /// Pollers that watch it.
    pub(crate) watchers: Vec<ObjectId>,
    /// How often it may have become ready: what an edge is.
    pub(crate) changes: u64,
    /// Limits of blocking calls, in nanoseconds: to receive, to send.
    pub(crate) limits: [Option<u64>; 2],
    /// Options that were set, by level and name.
    pub(crate) options: BTreeMap<(i32, i32), Vec<u8>>,
}

impl OpenObject {
    /// Whether closing it resets its connection: `SO_LINGER` is on, with a time of zero.
    pub(crate) fn is_reset_at_close(&self) -> bool {
        let linger = self.options.get(&(libc::SOL_SOCKET, libc::SO_LINGER));
        let is_zero = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0);
        self.domain != libc::AF_UNIX
            && linger.is_some_and(|value| {
                value.len() >= 8 && !is_zero(&value[..4]) && is_zero(&value[4..8])
            })
    }
}

/// All open objects.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    all: BTreeMap<ObjectId, OpenObject>,
    next: u64,
}

impl Objects {
    pub(crate) fn add(&mut self, host: HostId, object: Object, is_nonblocking: bool) -> ObjectId {
        self.next += 1;
        let id = ObjectId(self.next);
        let open = OpenObject {
            object,
            host,
            references: 1,
            is_nonblocking,
            domain: 0,
            watchers: Vec::new(),
            changes: 1,
            limits: [None; 2],
            options: BTreeMap::new(),
        };
        self.all.insert(id, open);
        id
    }

    /// # Panics
    /// If it was closed: callers have a descriptor of it.
    pub(crate) fn get(&mut self, id: ObjectId) -> &mut OpenObject {
        self.all.get_mut(&id).expect("an open object")
    }

    pub(crate) fn find(&mut self, id: ObjectId) -> Option<&mut OpenObject> {
        self.all.get_mut(&id)
    }

    pub(crate) fn remove(&mut self, id: ObjectId) -> Option<OpenObject> {
        self.all.remove(&id)
    }

    /// Objects of `host`.
    pub(crate) fn of(&self, host: HostId) -> Vec<ObjectId> {
        let own = self.all.iter().filter(|(_, open)| open.host == host);
        own.map(|(&id, _)| id).collect()
    }
}
