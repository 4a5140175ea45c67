//! How connections come to be.

use std::collections::VecDeque;

use super::address::Address;
use super::delivery::{Delivery, Segment};
use super::endpoint::Endpoint;
use super::listener::Listener;
use super::network::Network;
use crate::errno::Errno;
use crate::ids::EndpointId;
use crate::ids::{HostId, ObjectId};

/// How often a connection is asked for: after 1, 3, 7, 15, 31 and 63 seconds again, given up after 127.
const ATTEMPTS: u32 = 6;
const SECOND: u64 = 1_000_000_000;

impl Network {
    fn add_endpoint(&mut self, endpoint: Endpoint) -> EndpointId {
        self.next_endpoint += 1;
        let id = EndpointId(self.next_endpoint);
        self.endpoints.insert(id, endpoint);
        id
    }

    /// Two ends that are connected, within `host`.
    pub(crate) fn pair(&mut self, host: HostId) -> (EndpointId, EndpointId) {
        let unnamed = || Address::Unix(Vec::new());
        let [one, two] = [(); 2].map(|()| {
            let mut end = Endpoint::new(host, unnamed(), unnamed());
            end.is_instant = true;
            self.add_endpoint(end)
        });
        self.join(one, two);
        (one, two)
    }

    fn join(&mut self, one: EndpointId, two: EndpointId) {
        for (end, peer) in [(one, two), (two, one)] {
            if let Some(end) = self.endpoints.get_mut(&end) {
                end.peer = Some(peer);
            }
        }
    }

    /// Binds a listener.
    pub(crate) fn listen(
        &mut self,
        host: HostId,
        object: ObjectId,
        local: Address,
        backlog: usize,
    ) {
        let queue = VecDeque::new();
        let listener = Listener {
            host,
            local,
            backlog: backlog.max(1),
            queue,
        };
        self.listeners.insert(object, listener);
    }

    /// Whether another listener of `host` has the address.
    pub(crate) fn is_listened(&self, host: HostId, local: &Address) -> bool {
        self.listeners
            .values()
            .any(|other| other.host == host && other.local.takes(local))
    }

    /// The listener is closed: connections that nobody took are reset.
    pub(crate) fn close_listener(&mut self, object: ObjectId) {
        let Some(listener) = self.listeners.remove(&object) else {
            return;
        };
        for id in listener.queue {
            self.transmit(id, Segment::Reset);
            self.endpoints.remove(&id);
        }
    }

    /// Begins a connection from `local` to `remote`.
    pub(crate) fn connect(
        &mut self,
        host: HostId,
        local: Address,
        remote: Address,
    ) -> Result<EndpointId, Errno> {
        if let Address::Unix(_) = &remote {
            return self.connect_within(host, local, remote);
        }
        let to_host = remote.ip().and_then(|ip| self.links.route(host, ip));
        let to_host = to_host.ok_or(Errno(libc::ENETUNREACH))?;
        let _ = to_host;
        let id = self.add_endpoint(Endpoint::new(host, local, remote));
        self.ask(id, 0);
        Ok(id)
    }

    fn connect_within(
        &mut self,
        host: HostId,
        local: Address,
        remote: Address,
    ) -> Result<EndpointId, Errno> {
        let found = self
            .listeners
            .iter()
            .find(|(_, at)| at.host == host && at.local == remote);
        let object = *found.ok_or(Errno(libc::ECONNREFUSED))?.0;
        let listener = &self.listeners[&object];
        if listener.queue.len() > listener.backlog {
            return Err(Errno(libc::EAGAIN));
        }
        let mut client = Endpoint::new(host, local.clone(), remote.clone());
        client.is_instant = true;
        let mut server = Endpoint::new(host, remote, local);
        server.is_instant = true;
        let (client, server) = (self.add_endpoint(client), self.add_endpoint(server));
        self.join(client, server);
        self.queue(object, server);
        Ok(client)
    }

    fn queue(&mut self, object: ObjectId, server: EndpointId) {
        let listener = self.listeners.get_mut(&object).expect("it listens");
        listener.queue.push_back(server);
        self.changed.push(object);
    }

    /// Asks for the connection, and looks later whether it came.
    fn ask(&mut self, from: EndpointId, attempt: u32) {
        let end = &self.endpoints[&from];
        let (host, to) = (end.host, end.remote.clone());
        let to_host = to
            .ip()
            .and_then(|ip| self.links.route(host, ip))
            .unwrap_or(host);
        let (takes, is_lost) = self
            .links
            .journey(&mut self.random, self.now, (host, to_host), 60);
        if !is_lost && self.links.is_open(host, to_host) {
            self.outbox.push((
                takes,
                Delivery::Syn {
                    from,
                    to,
                    host: to_host,
                },
            ));
        }
        let timer = Delivery::SynTimer { from, attempt };
        self.outbox.push((SECOND << attempt, timer));
    }

    pub(crate) fn syn_timer(&mut self, from: EndpointId, attempt: u32) {
        let Some(end) = self.endpoints.get(&from) else {
            return;
        };
        if end.is_connected() || end.is_broken {
            return;
        }
        if attempt >= ATTEMPTS {
            self.break_off(from, Errno(libc::ETIMEDOUT));
            return;
        }
        self.ask(from, attempt + 1);
    }

    /// A connection is asked for at `host`.
    pub(crate) fn syn_arrives(&mut self, from: EndpointId, to: Address, host: HostId) {
        let Some(client) = self.endpoints.get(&from) else {
            return;
        };
        let (client_host, remote) = (client.host, client.local.clone());
        if client.is_connected() || client.is_broken || !self.links.is_open(client_host, host) {
            return;
        }
        let (takes, is_lost) =
            self.links
                .journey(&mut self.random, self.now, (host, client_host), 60);
        let found = self
            .listeners
            .iter()
            .find(|(_, at)| at.host == host && at.local.takes(&to));
        let Some((&object, listener)) = found else {
            if !is_lost {
                self.outbox.push((
                    takes,
                    Delivery::Refused {
                        to: from,
                        from: host,
                    },
                ));
            }
            return;
        };
        if listener.queue.len() > listener.backlog || is_lost {
            return;
        }
        let mut server = Endpoint::new(host, to, remote);
        server.peer = Some(from);
        let server = self.add_endpoint(server);
        self.queue(object, server);
        let answer = Delivery::SynAck {
            to: from,
            peer: server,
            from: host,
        };
        self.outbox.push((takes, answer));
        // What the server sends at once comes after the answer.
        let arrives = self.now + takes;
        self.endpoints.get_mut(&server).expect("just made").arrives = arrives;
    }

    pub(crate) fn syn_ack_arrives(&mut self, to: EndpointId, peer: EndpointId, from: HostId) {
        let Some(client) = self.endpoints.get_mut(&to) else {
            // Given up meanwhile.
            self.break_off(peer, Errno(libc::ECONNRESET));
            return;
        };
        if client.is_connected() || !self.links.is_open(from, client.host) {
            // The client has another end, or asks again and gets one: this one goes.
            self.break_off(peer, Errno(libc::ECONNRESET));
            return;
        }
        client.peer = Some(peer);
        self.changed.extend(client.object);
    }

    pub(crate) fn refused(&mut self, to: EndpointId, from: HostId) {
        let Some(client) = self.endpoints.get(&to) else {
            return;
        };
        if self.links.is_open(from, client.host) && !client.is_connected() {
            self.break_off(to, Errno(libc::ECONNREFUSED));
        }
    }
}
