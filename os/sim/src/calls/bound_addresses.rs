//! Addresses that sockets are bound to, and which of them exclude each other.

use libc::c_int;

use super::disk_access::{UMASK, wall_clock};
use crate::disk::Ino;
use crate::errno::Errno;
use crate::ids::{HostId, ObjectId};
use crate::kernel::{Object, State};
use crate::network::Address;

/// Whether an option of a socket is on.
pub(super) fn is_set(state: &mut State, id: ObjectId, option: (c_int, c_int)) -> bool {
    let value = state.objects.get(id).options.get(&option);
    value.is_some_and(|value| value.iter().any(|&byte| byte != 0))
}

/// An address as a socket of `domain` may be bound to, or connect to.
///
/// # Errors
/// `EINVAL` or `EAFNOSUPPORT` if it is of another domain, as Linux has it.
pub(super) fn of_domain(domain: c_int, address: Address) -> Result<Address, Errno> {
    let is_six = matches!(&address, Address::Inet(inet) if inet.is_ipv6());
    match (&address, domain) {
        (Address::Unix(_), libc::AF_UNIX) => Ok(address),
        (_, libc::AF_UNIX) => Err(Errno(libc::EINVAL)),
        // The address is shorter than one of IPv6.
        (Address::Inet(_), libc::AF_INET6) if !is_six => Err(Errno(libc::EINVAL)),
        (Address::Inet(_), libc::AF_INET6) => Ok(address.canonical()),
        (Address::Inet(_), _) if !is_six => Ok(address),
        _ => Err(Errno(libc::EAFNOSUPPORT)),
    }
}

/// The address with a port; `none` is the error if there is none left.
pub(super) fn give_port(
    state: &mut State,
    mut address: Address,
    none: Errno,
) -> Result<Address, Errno> {
    let host = state.host();
    if let Address::Inet(inet) = &mut address {
        if inet.port() == 0 {
            inet.set_port(state.network.free_port(host).ok_or(none)?);
        }
    }
    Ok(address)
}

/// Whether both addresses take what is sent to one of them.
fn overlap(one: &Address, two: &Address) -> bool {
    one.takes(two, false) || two.takes(one, false)
}

/// The sockets of a host that have taken an address, and whether they listen there.
fn taken_at(
    state: &State,
    host: HostId,
    address: &Address,
    is_datagram: bool,
) -> Vec<(ObjectId, bool)> {
    let takes = |at: HostId, taken: &Address| {
        let is_bound = !matches!(taken, Address::Inet(inet) if inet.port() == 0);
        at == host && is_bound && overlap(taken, address)
    };
    let network = &state.network;
    if is_datagram {
        let all = network.datagrams.iter();
        let taking = all.filter(|(_, socket)| takes(socket.host, &socket.local));
        return taking.map(|(&id, _)| (id, false)).collect();
    }
    let bound = network.bound.iter();
    let bound = bound.filter(|(_, (at, local))| takes(*at, local));
    let listeners = network.listeners.iter();
    let listeners = listeners.filter(|(_, listener)| takes(listener.host, &listener.local));
    let ends = network.endpoints.values();
    let ends = ends.filter(|end| takes(end.host, &end.local));
    bound
        .map(|(&id, _)| (id, false))
        .chain(listeners.map(|(&id, _)| (id, true)))
        .chain(ends.filter_map(|end| Some((end.object?, false))))
        .collect()
}

/// Whether another socket of the host has the address, so that this one cannot; `listens` if this one is to listen there.
pub(super) fn is_taken(state: &mut State, id: ObjectId, address: &Address, listens: bool) -> bool {
    const REUSE: (c_int, c_int) = (libc::SOL_SOCKET, libc::SO_REUSEADDR);
    const REUSE_PORT: (c_int, c_int) = (libc::SOL_SOCKET, libc::SO_REUSEPORT);
    if matches!(address, Address::Unix(name) if name.first() != Some(&0)) {
        // The file system knows.
        return false;
    }
    let host = state.host();
    let is_datagram = matches!(state.objects.get(id).object, Object::Datagram);
    let own = [REUSE, REUSE_PORT].map(|option| is_set(state, id, option));
    let others = taken_at(state, host, address, is_datagram);
    others.into_iter().any(|(other, other_listens)| {
        if other == id {
            return false;
        }
        let both = [(own[0], REUSE), (own[1], REUSE_PORT)]
            .map(|(own, option)| own && is_set(state, other, option));
        if listens {
            return other_listens && !both[1];
        }
        !(both[1] || both[0] && !other_listens)
    })
}

/// Makes the file of a local socket, if its address is a path.
fn make_node(state: &mut State, name: &[u8]) -> Result<Option<Ino>, Errno> {
    if name.first().is_none_or(|&first| first == 0) {
        return Ok(None);
    }
    let (host, now) = (state.host(), wall_clock(state));
    let start = state.start_of(libc::AT_FDCWD, name)?;
    let made = state.on_disk(host, |disk| {
        disk.make_socket(start, name, 0o777 & !UMASK, now)
    });
    match made {
        Ok(node) => Ok(Some(node)),
        Err(Errno(libc::EEXIST)) => Err(Errno(libc::EADDRINUSE)),
        Err(error) => Err(error),
    }
}

/// The file that a local address names; none for an abstract one.
pub(super) fn find_node(state: &mut State, address: &Address) -> Result<Option<Ino>, Errno> {
    match address {
        Address::Unix(name) if name.first().is_some_and(|&first| first != 0) => {
            let host = state.host();
            let start = state.start_of(libc::AT_FDCWD, name)?;
            let found = state.on_disk(host, |disk| disk.stat(start, name, true))?;
            Ok(Some(found.ino))
        }
        _ => Ok(None),
    }
}

/// Binds a socket.
pub(super) fn bind_object(
    state: &mut State,
    id: ObjectId,
    address: Address,
) -> Result<c_int, Errno> {
    let host = state.host();
    let (domain, is_free) = match state.objects.get(id).object {
        Object::Socket => {
            let is_bound = state.network.bound.contains_key(&id);
            (state.objects.get(id).domain, !is_bound)
        }
        Object::Datagram => {
            let socket = state.network.datagrams.get(&id);
            let is_free = socket.is_some_and(|socket| match &socket.local {
                Address::Inet(inet) => inet.port() == 0,
                Address::Unix(name) => name.is_empty(),
            });
            (state.objects.get(id).domain, is_free)
        }
        Object::Stream(_) | Object::Listener => return Err(Errno(libc::EINVAL)),
        _ => return Err(Errno(libc::ENOTSOCK)),
    };
    let address = of_domain(domain, address)?;
    if let Some(ip) = address.ip() {
        let is_own = ip.is_unspecified() || ip.is_loopback() || ip.is_multicast();
        if !is_own && state.network.links.route(host, ip) != Some(host) {
            return Err(Errno(libc::EADDRNOTAVAIL));
        }
    }
    if !is_free {
        return Err(Errno(libc::EINVAL));
    }
    let address = give_port(state, address, Errno(libc::EADDRINUSE))?;
    if is_taken(state, id, &address, false) {
        return Err(Errno(libc::EADDRINUSE));
    }
    let node = match &address {
        Address::Unix(name) => make_node(state, name)?,
        Address::Inet(_) => None,
    };
    state.network.nodes.remove(&id);
    if let Some(node) = node {
        state.network.nodes.insert(id, node);
    }
    let is_six_only = is_set(state, id, (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY));
    match state.network.datagrams.get_mut(&id) {
        Some(socket) => {
            socket.local = address;
            socket.is_six_only = is_six_only;
            socket.node = node;
        }
        None => {
            state.network.bound.insert(id, (host, address));
        }
    }
    Ok(0)
}
