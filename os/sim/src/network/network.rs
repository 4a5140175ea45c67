//! All sockets of all hosts, and what is in flight between them.

use std::collections::BTreeMap;

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
        for _ in FIRST_EPHEMERAL..=LAST_EPHEMERAL {
            let port = self.next_port;
            self.next_port = if port == LAST_EPHEMERAL {
                FIRST_EPHEMERAL
            } else {
                port + 1
            };
            if !self.is_port_taken(host, port) {
                return Some(port);
            }
        }
        None
    }

    fn is_port_taken(&self, host: HostId, port: u16) -> bool {
        let is_it = |at: HostId, address: &Address| at == host && address.port() == Some(port);
        self.listeners
            .values()
            .any(|listener| is_it(listener.host, &listener.local))
            || self
                .datagrams
                .values()
                .any(|socket| is_it(socket.host, &socket.local))
            || self
                .endpoints
                .values()
                .any(|end| is_it(end.host, &end.local))
            || self.bound.values().any(|(at, local)| is_it(*at, local))
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
