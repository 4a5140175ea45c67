//! How connections come to be.

use super::address::Address;
use super::delivery::Delivery;
use super::endpoint::Endpoint;
use super::listener::Listener;
use super::network::Network;
use crate::disk::Ino;
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
            end.is_reported = true;
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

    /// Adds a listener.
    pub(crate) fn listen(&mut self, object: ObjectId, listener: Listener) {
        self.listeners.insert(object, listener);
    }

    /// The listener of `host` that takes a connection to `to`: one that is bound to that very address before one that is bound to all; of
    /// several, as `SO_REUSEPORT` allows, the seed says which.
    fn listener_for(&mut self, host: HostId, to: &Address) -> Option<ObjectId> {
        let all = self.listeners.iter();
        let taking = all.filter(|(_, at)| at.host == host && at.takes(to));
        let (own, any): (Vec<_>, Vec<_>) = taking
            .map(|(&object, at)| (object, at.local.is_specific()))
            .partition(|&(_, is_specific)| is_specific);
        let best = if own.is_empty() { any } else { own };
        match best.len() {
            0 => None,
            1 => Some(best[0].0),
            count => Some(best[self.random.below(count as u64) as usize].0),
        }
    }

    /// The listener is closed: connections that nobody took are reset.
    pub(crate) fn close_listener(&mut self, object: ObjectId) {
        let Some(listener) = self.listeners.remove(&object) else {
            return;
        };
        for id in listener.queue {
            self.reset(id);
        }
    }

    /// Begins a connection from `local` to `remote`.
    pub(crate) fn connect(
        &mut self,
        host: HostId,
        local: Address,
        remote: Address,
    ) -> Result<EndpointId, Errno> {
        let to_host = remote.ip().and_then(|ip| self.links.route(host, ip));
        to_host.ok_or(Errno(libc::ENETUNREACH))?;
        let id = self.add_endpoint(Endpoint::new(host, local, remote));
        self.ask(id, 0);
        Ok(id)
    }

    /// The local listener that is bound to `node`, or to an abstract name.
    pub(crate) fn local_listener(
        &self,
        host: HostId,
        name: &Address,
        node: Option<Ino>,
    ) -> Option<ObjectId> {
        let is_it = |at: &Listener| match node {
            Some(_) => at.node == node,
            None => at.local == *name,
        };
        let mut all = self.listeners.iter();
        let found = all.find(|(_, at)| at.host == host && is_it(at));
        found.map(|(&object, _)| object)
    }

    /// Connects to the local listener that is bound to `node`, or to an abstract name.
    pub(crate) fn connect_within(
        &mut self,
        host: HostId,
        (local, remote): (Address, Address),
        node: Option<Ino>,
    ) -> Result<EndpointId, Errno> {
        let found = self.local_listener(host, &remote, node);
        let object = found.ok_or(Errno(libc::ECONNREFUSED))?;
        let listener = &self.listeners[&object];
        if listener.queue.len() > listener.backlog {
            return Err(Errno(libc::EAGAIN));
        }
        let mut client = Endpoint::new(host, local.clone(), remote.clone());
        let mut server = Endpoint::new(host, remote, local);
        for end in [&mut client, &mut server] {
            end.is_instant = true;
            end.is_reported = true;
        }
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
        let Some(object) = self.listener_for(host, &to) else {
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
        let listener = &self.listeners[&object];
        if listener.queue.len() > listener.backlog || is_lost {
            return;
        }
        let mut server = Endpoint::new(host, to, remote);
        server.peer = Some(from);
        server.is_reported = true;
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
