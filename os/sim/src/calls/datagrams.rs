//! Datagrams.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use libc::c_int;

use super::bound_addresses::{find_node, give_port, of_domain};
use super::received::Received;
use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::State;
use crate::network::Address;

/// Receives a datagram.
pub(super) fn receive(
    state: &mut State,
    object: ObjectId,
    buffer: &mut [u8],
    (peeks, waits): (bool, bool),
) -> Result<Received, Errno> {
    let domain = state.objects.get(object).domain;
    let socket = state.network.datagrams.get_mut(&object);
    let socket = socket.ok_or(Errno(libc::ENOTSOCK))?;
    if let Some(error) = socket.error.take() {
        return Err(error);
    }
    let first = if peeks {
        socket.received.front().cloned()
    } else {
        socket.received.pop_front()
    };
    let Some(datagram) = first else {
        // A call that would not wait is not told that there is no more, but on a connection.
        if socket.is_read_shut && (waits || socket.is_sequenced) {
            return Ok(Received::default());
        }
        return Err(Errno(libc::EAGAIN));
    };
    let count = buffer.len().min(datagram.bytes.len());
    buffer[..count].copy_from_slice(&datagram.bytes[..count]);
    Ok(Received {
        count,
        from: Some(datagram.from.shown(domain)),
        whole: datagram.bytes.len(),
        passed: Vec::new(),
    })
}

/// Gives a socket that has no port one.
pub(super) fn bind_if_unbound(state: &mut State, object: ObjectId) -> Result<(), Errno> {
    let socket = state.network.datagrams.get(&object);
    let Some(local) = socket.map(|socket| socket.local.clone()) else {
        return Ok(());
    };
    let local = give_port(state, local, Errno(libc::EAGAIN))?;
    if let Some(socket) = state.network.datagrams.get_mut(&object) {
        socket.local = local;
    }
    Ok(())
}

/// Sends a datagram, to whom the socket is connected if nobody is named.
pub(super) fn send(
    state: &mut State,
    object: ObjectId,
    to: Option<&Address>,
    bytes: &[u8],
) -> Result<usize, Errno> {
    let domain = state.objects.get(object).domain;
    let socket = state.network.datagrams.get(&object);
    let socket = socket.ok_or(Errno(libc::ENOTSOCK))?;
    if socket.peer.is_some() || socket.is_sequenced {
        return state.on_network(|network| network.send_to_peer(object, bytes));
    }
    if socket.is_write_shut {
        return Err(Errno(libc::EPIPE));
    }
    let is_named = to.is_some();
    let to = to.cloned().or_else(|| socket.remote.clone());
    bind_if_unbound(state, object)?;
    let to = to.ok_or(Errno(match domain {
        libc::AF_UNIX => libc::ENOTCONN,
        _ => libc::EDESTADDRREQ,
    }))?;
    let to = match (domain, to) {
        // A socket of IPv6 sends over IPv4 as well.
        (libc::AF_INET6, to @ Address::Inet(_)) => to.canonical(),
        (_, to) => of_domain(domain, to)?,
    };
    // A socket may be connected to it all the same, and what it sends is lost.
    if is_named && to.port() == Some(0) {
        return Err(Errno(libc::EINVAL));
    }
    let node = find_node(state, &to)?;
    let is_whole = is_whole(state, object);
    state.on_network(|network| network.send_datagram(object, (&to, node), bytes, is_whole))
}

/// Whether the socket's datagrams are not to be divided on the way (`IP_MTU_DISCOVER`).
fn is_whole(state: &mut State, object: ObjectId) -> bool {
    let options = &state.objects.get(object).options;
    let names = [
        (libc::IPPROTO_IP, libc::IP_MTU_DISCOVER),
        (libc::IPPROTO_IPV6, libc::IPV6_MTU_DISCOVER),
    ];
    let values = names.iter().filter_map(|name| options.get(name)?.first());
    let mut values = values.map(|&value| i32::from(value));
    values.any(|value| matches!(value, libc::IP_PMTUDISC_DO | libc::IP_PMTUDISC_PROBE))
}

/// The address of a socket that is not bound.
pub(super) fn unspecified(domain: c_int) -> Address {
    match domain {
        libc::AF_INET => Address::Inet(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)),
        libc::AF_INET6 => Address::Inet(SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0)),
        _ => Address::Unix(Vec::new()),
    }
}
