//! Sockets: made, bound, connected, accepted.
#![allow(unsafe_code)]

use std::collections::VecDeque;

use libc::{c_int, sockaddr, socklen_t};

use super::answer::{answer_int, real};
use super::bound_addresses::{bind_object, give_port, is_set, is_taken};
use super::bytes::{Direction, on_descriptor};
use super::datagrams::unspecified;
use super::descriptors::is_ours;
use super::disk_access::ask_disk;
use super::socket_address;
use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::{Object, State, is_simulated, read};
use crate::network::{Address, DatagramSocket, Listener};

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
    let object = match kind & 0xf {
        libc::SOCK_STREAM => Object::Socket,
        libc::SOCK_DGRAM => Object::Datagram,
        _ => return answer_int(Err::<isize, _>(Errno(libc::ESOCKTNOSUPPORT))),
    };
    read(|state| {
        let is_datagram = matches!(object, Object::Datagram);
        let descriptor = state.open(object, kind);
        let id = state.descriptors.get(descriptor).expect("just opened");
        state.objects.get(id).domain = domain;
        if is_datagram {
            let socket = DatagramSocket::new(state.host(), unspecified(domain));
            state.network.datagrams.insert(id, socket);
        }
        descriptor
    })
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
        ask_disk(|state| {
            let bound = state
                .descriptors
                .get(descriptor)
                .and_then(|id| bind_object(state, id, address));
            (state.host(), bound)
        })
    }))
}

fn listen_on(state: &mut State, descriptor: c_int, backlog: c_int) -> Result<c_int, Errno> {
    let host = state.host();
    let id = state.descriptors.get(descriptor)?;
    let backlog = usize::try_from(backlog).unwrap_or(4096).max(1);
    match state.objects.get(id).object {
        Object::Socket => (),
        Object::Listener => {
            let listener = state.network.listeners.get_mut(&id);
            listener.expect("it listens").backlog = backlog;
            return Ok(0);
        }
        Object::Stream(_) => return Err(Errno(libc::EINVAL)),
        Object::Datagram => return Err(Errno(libc::EOPNOTSUPP)),
        _ => return Err(Errno(libc::ENOTSOCK)),
    }
    let domain = state.objects.get(id).domain;
    let local = match state.network.bound.get(&id) {
        Some((_, local)) => local.clone(),
        None if domain == libc::AF_UNIX => return Err(Errno(libc::EINVAL)),
        None => give_port(state, unspecified(domain), Errno(libc::EADDRINUSE))?,
    };
    if is_taken(state, id, &local, true) {
        return Err(Errno(libc::EADDRINUSE));
    }
    state.note(format_args!("listens on {local}"));
    state.objects.get(id).object = Object::Listener;
    state.network.bound.remove(&id);
    let listener = Listener {
        host,
        local,
        backlog,
        is_six_only: is_set(state, id, (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY)),
        node: state.network.nodes.get(&id).copied(),
        queue: VecDeque::new(),
    };
    state.network.listen(id, listener);
    state.changed(id);
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

fn accept_one(state: &mut State, id: ObjectId, flags: c_int) -> Result<(c_int, Address), Errno> {
    let open = state.objects.get(id);
    let refused = match open.object {
        Object::Socket | Object::Stream(_) => libc::EINVAL,
        Object::Datagram => libc::EOPNOTSUPP,
        _ => libc::ENOTSOCK,
    };
    let (domain, limits, options) = (open.domain, open.limits, open.options.clone());
    let listener = state.network.listeners.get_mut(&id).ok_or(Errno(refused))?;
    let end = loop {
        let end = listener.queue.pop_front().ok_or(Errno(libc::EAGAIN))?;
        if state.network.endpoints.contains_key(&end) {
            break end;
        }
    };
    // Whoever waits for room in the queue of a local listener looks again.
    if domain == libc::AF_UNIX {
        state.changed(id);
    }
    let descriptor = state.open(Object::Stream(end), flags);
    let object = state.descriptors.get(descriptor)?;
    // It has what was set for the listener.
    let open = state.objects.get(object);
    (open.domain, open.limits, open.options) = (domain, limits, options);
    let endpoint = state
        .network
        .endpoints
        .get_mut(&end)
        .expect("looked up above");
    endpoint.object = Some(object);
    Ok((descriptor, endpoint.remote.shown(domain)))
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
    if flags & !(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC) != 0 {
        return answer_int(Err::<isize, _>(Errno(libc::EINVAL)));
    }
    let accepted = on_descriptor(descriptor, Direction::In, false, |state, id| {
        accept_one(state, id, flags)
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

/// A listener takes no more connections: those that nobody took are reset.
fn stop_listening(state: &mut State, id: ObjectId) {
    let Some(listener) = state.network.listeners.get(&id) else {
        return;
    };
    let own = (listener.host, listener.local.clone());
    state.on_network(|network| network.close_listener(id));
    state.network.bound.insert(id, own);
    state.objects.get(id).object = Object::Socket;
    state.changed(id);
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
        if !(libc::SHUT_RD..=libc::SHUT_RDWR).contains(&how) {
            return Err(Errno(libc::EINVAL));
        }
        let is_local = state.objects.get(id).domain == libc::AF_UNIX;
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
                let is_connected = socket.remote.is_some() || is_local;
                socket.is_read_shut |= reads;
                socket.is_write_shut |= writes;
                state.changed(id);
                // It is shut all the same.
                if !is_connected {
                    return Err(Errno(libc::ENOTCONN));
                }
            }
            Object::Listener if reads => stop_listening(state, id),
            Object::Listener => (),
            Object::Socket if is_local => (),
            Object::Socket => return Err(Errno(libc::ENOTCONN)),
            _ => return Err(Errno(libc::ENOTSOCK)),
        }
        Ok(0_isize)
    }))
}
