//! Datagrams.

use super::address::Address;
use super::datagram_socket::{DatagramSocket, ReceivedDatagram};
use super::delivery::Delivery;
use super::network::Network;
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
        to: &Address,
        bytes: &[u8],
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
            return self.send_within(host, from, to, bytes);
        };
        let to_host = self.links.route(host, ip).ok_or(Errno(libc::ENETUNREACH))?;
        if let Address::Inet(local) = &mut from {
            if local.ip().is_unspecified() {
                local.set_ip(self.links.source(host, ip));
            }
        }
        let copies = 1 + usize::from(self.links.doubles(&mut self.random, host, to_host));
        for _ in 0..copies {
            let (takes, is_lost) =
                self.links
                    .journey(&mut self.random, self.now, (host, to_host), bytes.len());
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
        to: &Address,
        bytes: &[u8],
    ) -> Result<usize, Errno> {
        let found = self
            .datagrams
            .iter_mut()
            .find(|(_, at)| at.host == host && at.local == *to);
        let (&object, socket) = found.ok_or(Errno(libc::ECONNREFUSED))?;
        let waiting: usize = socket.received.iter().map(|one| one.bytes.len()).sum();
        if waiting + bytes.len() > WAITING {
            return Err(Errno(libc::EAGAIN));
        }
        socket.received.push_back(ReceivedDatagram {
            from,
            bytes: bytes.to_vec(),
        });
        self.changed.push(object);
        Ok(bytes.len())
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
            socket.host == hosts.1 && socket.local.takes(&to) && is_from
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
        let found = sockets.find(|(_, at)| at.host == hosts.1 && at.local.takes(to));
        if let Some((&object, socket)) = found {
            if socket.remote.as_ref() == Some(about) {
                socket.error = Some(Errno(libc::ECONNREFUSED));
                self.changed.push(object);
            }
        }
    }
}
