//! Datagrams.

use super::address::Address;
use super::datagram_socket::{DatagramSocket, ReceivedDatagram};
use super::delivery::Delivery;
use super::network::Network;
use crate::disk::Ino;
use crate::errno::Errno;
use crate::ids::{HostId, ObjectId};

/// Bytes that wait at a socket at most; more are lost.
const WAITING: usize = 208 * 1024;
/// The longest datagram over IPv4.
const LONGEST: usize = 65_507;

impl Network {
    /// Sends a datagram from `object`.
    pub(crate) fn send_datagram(
        &mut self,
        object: ObjectId,
        (to, node): (&Address, Option<Ino>),
        bytes: &[u8],
        is_whole: bool,
    ) -> Result<usize, Errno> {
        let socket = self
            .datagrams
            .get_mut(&object)
            .ok_or(Errno(libc::ENOTCONN))?;
        if let Some(error) = socket.error.take() {
            return Err(error);
        }
        if bytes.len() > LONGEST {
            return Err(Errno(libc::EMSGSIZE));
        }
        let (host, mut from) = (socket.host, socket.local.clone());
        let Some(ip) = to.ip() else {
            return self.send_within(host, from, (to, node), bytes);
        };
        let to_host = self.links.route(host, ip).ok_or(Errno(libc::ENETUNREACH))?;
        let pieces = self.links.pieces(host, to_host, bytes.len());
        if is_whole && pieces > 1 {
            return Err(Errno(libc::EMSGSIZE));
        }
        if let Address::Inet(local) = &mut from {
            if local.ip().is_unspecified() {
                local.set_ip(self.links.source(host, ip));
            }
        }
        let copies = 1 + usize::from(self.links.doubles(&mut self.random, host, to_host));
        for _ in 0..copies {
            let (takes, mut is_lost) =
                self.links
                    .journey(&mut self.random, self.now, (host, to_host), bytes.len());
            // It has come when all its pieces have.
            for _ in 1..pieces {
                is_lost |= self.links.loses(&mut self.random, host, to_host);
            }
            if is_lost || !self.links.is_open(host, to_host) {
                self.faults.push("lost datagram");
                continue;
            }
            let (from, to, bytes) = (from.clone(), to.clone(), bytes.to_vec());
            let hosts = (host, to_host);
            self.outbox.push((
                takes,
                Delivery::Datagram {
                    from,
                    hosts,
                    to,
                    bytes,
                },
            ));
        }
        Ok(bytes.len())
    }

    fn send_within(
        &mut self,
        host: HostId,
        from: Address,
        (to, node): (&Address, Option<Ino>),
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        let is_it = |at: &DatagramSocket| match node {
            Some(_) => at.node == node,
            None => at.local == *to,
        };
        let mut all = self.datagrams.iter();
        let found = all.find(|(_, at)| at.host == host && is_it(at));
        let (&object, _) = found.ok_or(Errno(libc::ECONNREFUSED))?;
        self.put(object, from, bytes)
    }

    /// Sends a message from one of a pair of sockets to the other.
    pub(crate) fn send_to_peer(&mut self, object: ObjectId, bytes: &[u8]) -> Result<usize, Errno> {
        let socket = self.datagrams.get(&object);
        let socket = socket.ok_or(Errno(libc::ENOTSOCK))?;
        let gone = if socket.is_sequenced {
            libc::EPIPE
        } else {
            libc::ECONNREFUSED
        };
        let (peer, from) = (socket.peer.ok_or(Errno(gone))?, socket.local.clone());
        self.put(peer, from, bytes)
    }

    /// Puts a datagram where a socket of the same host finds it.
    fn put(&mut self, object: ObjectId, from: Address, bytes: &[u8]) -> Result<usize, Errno> {
        let socket = self.datagrams.get_mut(&object).expect("a socket");
        let waiting: usize = socket.received.iter().map(|one| one.bytes.len()).sum();
        if waiting + bytes.len() > WAITING {
            return Err(Errno(libc::EAGAIN));
        }
        let bytes = bytes.to_vec();
        let count = bytes.len();
        socket.received.push_back(ReceivedDatagram { from, bytes });
        self.changed.push(object);
        Ok(count)
    }

    /// The program has closed a socket: the other one of a pair notices.
    pub(crate) fn close_datagram(&mut self, object: ObjectId) {
        let closed = self.datagrams.remove(&object);
        let peer = closed.and_then(|closed| closed.peer);
        let Some(socket) = peer.and_then(|peer| self.datagrams.get_mut(&peer)) else {
            return;
        };
        socket.peer = None;
        socket.is_read_shut |= socket.is_sequenced;
        self.changed.extend(peer);
    }

    pub(crate) fn datagram_arrives(
        &mut self,
        from: Address,
        hosts: (HostId, HostId),
        to: Address,
        bytes: Vec<u8>,
    ) {
        if !self.links.is_open(hosts.0, hosts.1) {
            return;
        }
        let takes_it = |socket: &DatagramSocket| {
            let is_from = socket.remote.as_ref().is_none_or(|remote| *remote == from);
            socket.host == hosts.1 && socket.takes(&to) && is_from
        };
        let found = self
            .datagrams
            .iter_mut()
            .find(|(_, socket)| takes_it(socket));
        let Some((&object, socket)) = found else {
            let (takes, _lost) =
                self.links
                    .journey(&mut self.random, self.now, (hosts.1, hosts.0), 60);
            let back = Delivery::Unreachable {
                hosts: (hosts.1, hosts.0),
                to: from,
                about: to,
            };
            self.outbox.push((takes, back));
            return;
        };
        let waiting: usize = socket.received.iter().map(|one| one.bytes.len()).sum();
        if waiting + bytes.len() <= WAITING {
            socket.received.push_back(ReceivedDatagram { from, bytes });
            self.changed.push(object);
        }
    }

    /// Only a socket that is connected to that very address is notified.
    pub(crate) fn unreachable(&mut self, hosts: (HostId, HostId), to: &Address, about: &Address) {
        if !self.links.is_open(hosts.0, hosts.1) {
            return;
        }
        let mut sockets = self.datagrams.iter_mut();
        let found = sockets.find(|(_, at)| at.host == hosts.1 && at.takes(to));
        if let Some((&object, socket)) = found {
            if socket.remote.as_ref() == Some(about) {
                socket.error = Some(Errno(libc::ECONNREFUSED));
                self.changed.push(object);
            }
        }
    }
}
