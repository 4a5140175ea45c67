//! Open objects: what descriptors stand for.

use std::collections::BTreeMap;

use super::interests::Poller;
use crate::disk::OpenFile;
use crate::ids::{EndpointId, HostId, ObjectId};
use crate::network::Address;

/// What an object is.
#[derive(Debug)]
pub(crate) enum Object {
    /// An event counter, `eventfd`.
    Counter { value: u64, is_semaphore: bool },
    /// An `epoll`.
    Poller(Poller),
    /// A socket that is neither connected nor listening yet.
    Socket { domain: i32, local: Option<Address> },
    /// One end of a connection, a local socket or a pipe.
    Stream(EndpointId),
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
    /// Pollers that watch it.
    pub(crate) watchers: Vec<ObjectId>,
    /// How often it may have become ready: what an edge is.
    pub(crate) changes: u64,
    /// Limits of blocking calls, in nanoseconds: to receive, to send.
    pub(crate) limits: [Option<u64>; 2],
    /// Options that were set, by level and name.
    pub(crate) options: BTreeMap<(i32, i32), Vec<u8>>,
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
