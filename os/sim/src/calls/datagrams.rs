//! Datagrams.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use libc::c_int;

use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::State;
use crate::network::Address;

/// Receives a datagram: how much of it there was room for, who sent it, and how long it was.
pub(super) fn receive(
    state: &mut State,
    object: ObjectId,
    buffer: &mut [u8],
    peeks: bool,
) -> Result<(usize, Address, usize), Errno> {
    let socket = state
        .network
        .datagrams
        .get_mut(&object)
        .ok_or(Errno(libc::ENOTSOCK))?;
    if let Some(error) = socket.error.take() {
        return Err(error);
    }
    let first = if peeks {
        socket.received.front().cloned()
    } else {
        socket.received.pop_front()
    };
    let Some(datagram) = first else {
        if socket.is_read_shut {
            return Ok((0, Address::Unix(Vec::new()), 0));
        }
        return Err(Errno(libc::EAGAIN));
    };
    let count = buffer.len().min(datagram.bytes.len());
    buffer[..count].copy_from_slice(&datagram.bytes[..count]);
    Ok((count, datagram.from, datagram.bytes.len()))
}

/// Gives a socket that has no port one.
pub(super) fn bind_if_unbound(state: &mut State, object: ObjectId) {
    let host = state.host();
    let Some(socket) = state.network.datagrams.get(&object) else {
        return;
    };
    if socket.local.port() == Some(0) {
        let port = state.network.free_port(host);
        if let Some(Address::Inet(local)) = state
            .network
            .datagrams
            .get_mut(&object)
            .map(|socket| &mut socket.local)
        {
            local.set_port(port);
        }
    }
}

/// Sends a datagram, to whom the socket is connected if nobody is named.
pub(super) fn send(
    state: &mut State,
    object: ObjectId,
    to: Option<&Address>,
    bytes: &[u8],
) -> Result<usize, Errno> {
    bind_if_unbound(state, object);
    let socket = state
        .network
        .datagrams
        .get(&object)
        .ok_or(Errno(libc::ENOTSOCK))?;
    let to = to.cloned().or_else(|| socket.remote.clone());
    let to = to.ok_or(Errno(libc::EDESTADDRREQ))?;
    state.on_network(|network| network.send_datagram(object, &to, bytes))
}

/// The address of a socket that is not bound.
pub(super) fn unspecified(domain: c_int) -> Address {
    match domain {
        libc::AF_INET => Address::Inet(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)),
        libc::AF_INET6 => Address::Inet(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0)),
        _ => Address::Unix(Vec::new()),
    }
}
