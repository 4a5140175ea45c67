//! All sockets of all hosts, and what is in flight between them.

use std::collections::{BTreeMap, BTreeSet};

use super::address::Address;
use super::datagram_socket::DatagramSocket;
use super::delivery::Delivery;
use super::endpoint::Endpoint;
use super::link::Links;
use super::listener::Listener;
use crate::disk::Ino;
use crate::ids::{EndpointId, HostId, ObjectId};
use crate::random::Random;

/// The first port that the system chooses by itself.
const FIRST_EPHEMERAL: u16 = 32_768;
/// The last one.
const LAST_EPHEMERAL: u16 = 60_999;

/// All sockets of all hosts, and the links between them.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) links: Links,
    pub(crate) endpoints: BTreeMap<EndpointId, Endpoint>,
    pub(crate) listeners: BTreeMap<ObjectId, Listener>,
    /// The files that local sockets are bound to.
    pub(crate) nodes: BTreeMap<ObjectId, Ino>,
    /// Sockets that are bound, and neither connected nor listening yet.
    pub(crate) bound: BTreeMap<ObjectId, (HostId, Address)>,
    pub(crate) datagrams: BTreeMap<ObjectId, DatagramSocket>,
    /// What is in flight, with the nanoseconds that it takes from now.
    pub(crate) outbox: Vec<(u64, Delivery)>,
    /// Objects that may have become readable or writable.
    pub(crate) changed: Vec<ObjectId>,
    /// Objects that were passed and that nobody will take.
    pub(crate) dropped: Vec<ObjectId>,
    /// What went wrong on the way: counted in the trace.
    pub(crate) faults: Vec<&'static str>,
    pub(crate) now: u64,
    pub(super) random: Random,
    pub(super) next_endpoint: u64,
    next_port: u16,
}

impl Network {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            links: Links::default(),
            endpoints: BTreeMap::new(),
            listeners: BTreeMap::new(),
            nodes: BTreeMap::new(),
            bound: BTreeMap::new(),
            datagrams: BTreeMap::new(),
            outbox: Vec::new(),
            changed: Vec::new(),
            dropped: Vec::new(),
            faults: Vec::new(),
            now: 0,
            random,
            next_endpoint: 0,
            next_port: FIRST_EPHEMERAL,
        }
    }

    /// A port of `host` that nothing is bound to, if there is one.
    pub(crate) fn free_port(&mut self, host: HostId) -> Option<u16> {
        let taken = self.ports_of(host);
        for _ in FIRST_EPHEMERAL..=LAST_EPHEMERAL {
            let port = self.next_port;
            self.next_port = if port == LAST_EPHEMERAL {
                FIRST_EPHEMERAL
            } else {
                port + 1
            };
            if !taken.contains(&port) {
                return Some(port);
            }
        }
        None
    }

    /// Ports of `host` that something is bound to.
    fn ports_of(&self, host: HostId) -> BTreeSet<u16> {
        let listeners = self.listeners.values().map(|at| (at.host, &at.local));
        let datagrams = self.datagrams.values().map(|at| (at.host, &at.local));
        let ends = self.endpoints.values().map(|at| (at.host, &at.local));
        let bound = self.bound.values().map(|(at, local)| (*at, local));
        let all = listeners.chain(datagrams).chain(ends).chain(bound);
        let own = all.filter(|&(at, _)| at == host);
        own.filter_map(|(_, local)| local.port()).collect()
    }

    /// All sockets of `host` are gone, and nobody is notified.
    pub(crate) fn crash(&mut self, host: HostId) {
        self.endpoints.retain(|_, endpoint| endpoint.host != host);
        self.listeners.retain(|_, listener| listener.host != host);
        self.bound.retain(|_, (at, _)| *at != host);
        self.datagrams.retain(|_, socket| socket.host != host);
        self.links.set_up(host, false);
    }
}

#[cfg(test)]
mod tests {
    use super::{FIRST_EPHEMERAL, LAST_EPHEMERAL, Network};
    use crate::host::WORLD;
    use crate::ids::ObjectId;
    use crate::network::Address;
    use crate::random::Random;

    #[test]
    fn a_host_that_has_no_port_left_is_told() {
        let mut network = Network::new(Random::new(0));
        let ports = FIRST_EPHEMERAL..=LAST_EPHEMERAL;
        for port in ports.clone() {
            let at = Address::Inet(([127, 0, 0, 1], port).into());
            network.bound.insert(ObjectId(port.into()), (WORLD, at));
        }
        network.bound.remove(&ObjectId(40_000));
        assert_eq!(network.free_port(WORLD), Some(40_000));
        let at = Address::Inet(([0, 0, 0, 0], 40_000).into());
        network.bound.insert(ObjectId(1), (WORLD, at));
        assert_eq!(network.free_port(WORLD), None);
    }
}
