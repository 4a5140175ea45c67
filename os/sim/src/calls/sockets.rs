//! Sockets: made, bound, connected, accepted.
#![allow(unsafe_code)]

use libc::{c_int, sockaddr, socklen_t};

use super::answer::{answer_int, real};
use super::bytes::{Direction, on_descriptor};
use super::datagrams::unspecified;
use super::descriptors::is_ours;
use super::socket_address;
use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::{Object, State, is_simulated, read};
use crate::network::{Address, DatagramSocket};

#[unsafe(no_mangle)]
unsafe extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    if !is_simulated() {
        let arguments = [domain as usize, kind as usize, protocol as usize, 0, 0, 0];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_socket, arguments) } as c_int;
    }
    if !matches!(domain, libc::AF_INET | libc::AF_INET6 | libc::AF_UNIX) {
        return answer_int(Err::<isize, _>(Errno(libc::EAFNOSUPPORT)));
    }
    let is_nonblocking = kind & libc::SOCK_NONBLOCK != 0;
    match kind & 0xf {
        libc::SOCK_STREAM => read(|state| {
            let object = Object::Socket {
                domain,
                local: None,
            };
            state.open(object, is_nonblocking)
        }),
        libc::SOCK_DGRAM => read(|state| {
            let descriptor = state.open(Object::Datagram, is_nonblocking);
            let object = state.descriptors.get(descriptor).expect("just opened");
            let socket = DatagramSocket {
                host: state.host(),
                local: unspecified(domain),
                remote: None,
                received: std::collections::VecDeque::new(),
                error: None,
                is_read_shut: false,
            };
            state.network.datagrams.insert(object, socket);
            descriptor
        }),
        _ => answer_int(Err::<isize, _>(Errno(libc::ESOCKTNOSUPPORT))),
    }
}

/// The address with a port, and checked that the host has it and nobody else listens there.
pub(super) fn claim(state: &mut State, mut address: Address) -> Result<Address, Errno> {
    let host = state.host();
    if let Address::Inet(inet) = &mut address {
        let ip = inet.ip();
        let is_own = ip.is_unspecified() || ip.is_loopback() || ip.is_multicast();
        if !is_own && state.network.links.route(host, ip) != Some(host) {
            return Err(Errno(libc::EADDRNOTAVAIL));
        }
        if inet.port() == 0 {
            inet.set_port(state.network.free_port(host));
        }
    }
    Ok(address)
}

fn bind_object(state: &mut State, id: ObjectId, address: Address) -> Result<c_int, Errno> {
    let host = state.host();
    let address = claim(state, address)?;
    if matches!(state.objects.get(id).object, Object::Datagram) {
        let is_taken = |(&other, socket): (&ObjectId, &DatagramSocket)| {
            other != id && socket.host == host && socket.local.takes(&address)
        };
        if state.network.datagrams.iter().any(is_taken) {
            return Err(Errno(libc::EADDRINUSE));
        }
        let socket = state
            .network
            .datagrams
            .get_mut(&id)
            .ok_or(Errno(libc::EINVAL))?;
        socket.local = address;
        return Ok(0);
    }
    if state.network.is_listened(host, &address) {
        return Err(Errno(libc::EADDRINUSE));
    }
    match &mut state.objects.get(id).object {
        Object::Socket {
            local: local @ None,
            ..
        } => {
            *local = Some(address);
            Ok(0)
        }
        _ => Err(Errno(libc::EINVAL)),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bind(descriptor: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            address as usize,
            length as usize,
            0,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_bind, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let address = unsafe { socket_address::read(address, length) };
    answer_int(address.and_then(|address| {
        let address = address.ok_or(Errno(libc::EINVAL))?;
        read(|state| {
            let id = state.descriptors.get(descriptor)?;
            bind_object(state, id, address)
        })
    }))
}

fn listen_on(state: &mut State, descriptor: c_int, backlog: c_int) -> Result<c_int, Errno> {
    let host = state.host();
    let id = state.descriptors.get(descriptor)?;
    let (domain, local) = match &state.objects.get(id).object {
        Object::Socket { domain, local, .. } => (*domain, local.clone()),
        Object::Listener => return Ok(0),
        _ => return Err(Errno(libc::EINVAL)),
    };
    let local = match local {
        Some(local) => local,
        None => claim(state, unspecified(domain))?,
    };
    if state.network.is_listened(host, &local) {
        return Err(Errno(libc::EADDRINUSE));
    }
    state.note(format_args!("listens on {local}"));
    state.objects.get(id).object = Object::Listener;
    let backlog = usize::try_from(backlog).unwrap_or(4096);
    state.network.listen(host, id, local, backlog);
    Ok(0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn listen(descriptor: c_int, backlog: c_int) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, backlog as usize, 0, 0, 0, 0];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_listen, arguments) } as c_int;
    }
    answer_int(read(|state| listen_on(state, descriptor, backlog)))
}

fn accept_one(
    state: &mut State,
    id: ObjectId,
    is_nonblocking: bool,
) -> Result<(c_int, Address), Errno> {
    let listener = state
        .network
        .listeners
        .get_mut(&id)
        .ok_or(Errno(libc::EINVAL))?;
    let end = loop {
        let end = listener.queue.pop_front().ok_or(Errno(libc::EAGAIN))?;
        if state.network.endpoints.contains_key(&end) {
            break end;
        }
    };
    let descriptor = state.open(Object::Stream(end), is_nonblocking);
    let object = state.descriptors.get(descriptor)?;
    let endpoint = state
        .network
        .endpoints
        .get_mut(&end)
        .expect("looked up above");
    endpoint.object = Some(object);
    Ok((descriptor, endpoint.remote.clone()))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn accept4(
    descriptor: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            address as usize,
            length as usize,
            flags as usize,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_accept4, arguments) } as c_int;
    }
    let is_nonblocking = flags & libc::SOCK_NONBLOCK != 0;
    let accepted = on_descriptor(descriptor, Direction::In, false, |state, id| {
        accept_one(state, id, is_nonblocking)
    });
    answer_int(accepted.map(|(accepted, from)| {
        // SAFETY: the caller's pointers are none, or to room for an address.
        unsafe { socket_address::write(&from, address, length) };
        accepted as isize
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn accept(
    descriptor: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { accept4(descriptor, address, length, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn shutdown(descriptor: c_int, how: c_int) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, how as usize, 0, 0, 0, 0];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_shutdown, arguments) } as c_int;
    }
    let reads = how != libc::SHUT_WR;
    let writes = how != libc::SHUT_RD;
    answer_int(read(|state| {
        let id = state.descriptors.get(descriptor)?;
        match state.objects.get(id).object {
            Object::Stream(end) => {
                state.on_network(|network| network.shut_down(end, reads, writes))?;
            }
            Object::Datagram => {
                let socket = state
                    .network
                    .datagrams
                    .get_mut(&id)
                    .ok_or(Errno(libc::ENOTCONN))?;
                socket.is_read_shut |= reads;
                state.changed(id);
            }
            _ => return Err(Errno(libc::ENOTCONN)),
        }
        Ok(0_isize)
    }))
}
