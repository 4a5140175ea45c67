//! Connections that a program asks for.
#![allow(unsafe_code)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libc::{c_int, sockaddr, socklen_t};

use super::answer::{answer_int, real};
use super::bound_addresses::{find_node, give_port, of_domain};
use super::clock::in_time;
use super::datagrams::{bind_if_unbound, unspecified};
use super::descriptors::is_ours;
use super::socket_address;
use crate::errno::Errno;
use crate::ids::{EndpointId, ObjectId};
use crate::kernel::{Channel, Object, State, Step, call};
use crate::network::Address;

/// Says to whom a socket of datagrams sends, and from whom it takes.
fn connect_datagram(state: &mut State, id: ObjectId, to: &Address) -> Result<c_int, Errno> {
    let host = state.host();
    bind_if_unbound(state, id)?;
    if let Address::Unix(_) = to {
        find_node(state, to)?;
    }
    let source = to.ip().map(|ip| state.network.links.source(host, ip));
    let socket = state.network.datagrams.get_mut(&id);
    let socket = socket.ok_or(Errno(libc::EINVAL))?;
    if let (Address::Inet(local), Some(source)) = (&mut socket.local, source) {
        if local.ip().is_unspecified() {
            local.set_ip(source);
        }
    }
    socket.remote = Some(to.clone());
    Ok(0)
}

/// Begins to connect; `EAGAIN` while it goes on.
fn connect_socket(state: &mut State, id: ObjectId, to: &Address) -> Result<c_int, Errno> {
    let host = state.host();
    let domain = state.objects.get(id).domain;
    let bound = state.network.bound.get(&id).map(|(_, local)| local.clone());
    let end = if let Address::Unix(_) = to {
        let node = find_node(state, to)?;
        let local = bound.unwrap_or_else(|| unspecified(domain));
        state.on_network(|network| network.connect_within(host, (local, to.clone()), node))?
    } else {
        let mut local = match bound {
            Some(local) => local,
            None => give_port(state, unspecified(domain), Errno(libc::EADDRNOTAVAIL))?,
        };
        let mut to = to.clone();
        if let Address::Inet(to) = &mut to {
            // The unspecified address is the own host's.
            match to.ip() {
                IpAddr::V4(ip) if ip.is_unspecified() => to.set_ip(Ipv4Addr::LOCALHOST.into()),
                IpAddr::V6(ip) if ip.is_unspecified() => to.set_ip(Ipv6Addr::LOCALHOST.into()),
                _ => (),
            }
        }
        if let (Address::Inet(local), Some(ip)) = (&mut local, to.ip()) {
            if local.ip().is_unspecified() {
                local.set_ip(state.network.links.source(host, ip));
            }
        }
        state.on_network(|network| network.connect(host, local, to))?
    };
    state.network.bound.remove(&id);
    state.objects.get(id).object = Object::Stream(end);
    let endpoint = state.network.endpoints.get_mut(&end).expect("just made");
    endpoint.object = Some(id);
    if endpoint.is_connected() {
        Ok(0)
    } else {
        Err(Errno(libc::EAGAIN))
    }
}

/// How a connection comes along that was asked for before, by this call if it has `begun` it.
fn look_at(state: &mut State, id: ObjectId, end: EndpointId, begun: bool) -> Result<c_int, Errno> {
    let endpoint = state.network.endpoints.get_mut(&end);
    let endpoint = endpoint.ok_or(Errno(libc::ENOTCONN))?;
    if endpoint.is_broken && !endpoint.is_reported {
        // It never came to be: the socket is as if it was new.
        let error = endpoint.error.take();
        state.network.endpoints.remove(&end);
        state.objects.get(id).object = Object::Socket;
        return Err(error.unwrap_or(Errno(libc::ECONNABORTED)));
    }
    match (endpoint.is_connected(), endpoint.is_reported) {
        (true, true) => Err(Errno(libc::EISCONN)),
        (true, false) => {
            endpoint.is_reported = true;
            Ok(0)
        }
        (false, _) if begun => Err(Errno(libc::EAGAIN)),
        (false, _) => Err(Errno(libc::EALREADY)),
    }
}

/// The local listener that is bound to an address.
fn local_listener(state: &mut State, to: &Address) -> Option<ObjectId> {
    let node = find_node(state, to).ok()?;
    let host = state.host();
    state.network.local_listener(host, to, node)
}

/// Begins to connect, or looks how that comes along; `EAGAIN` while it goes on.
fn connect_object(
    state: &mut State,
    id: ObjectId,
    to: Option<&Address>,
    begun: &mut bool,
) -> Result<c_int, Errno> {
    let open = state.objects.get(id);
    let domain = open.domain;
    let of_domain = |to: &Address| of_domain(domain, to.clone());
    match (&open.object, to) {
        (Object::Datagram, Some(to)) => connect_datagram(state, id, &of_domain(to)?),
        (Object::Datagram, None) => {
            if let Some(socket) = state.network.datagrams.get_mut(&id) {
                socket.remote = None;
            }
            Ok(0)
        }
        (Object::Socket, Some(to)) => {
            let to = of_domain(to)?;
            let done = connect_socket(state, id, &to);
            *begun = matches!(state.objects.get(id).object, Object::Stream(_));
            done
        }
        (&Object::Stream(end), Some(_)) => look_at(state, id, end, *begun),
        (Object::Socket | Object::Stream(_), None) => Err(Errno(libc::EINVAL)),
        (Object::Listener, _) => Err(Errno(libc::EISCONN)),
        _ => Err(Errno(libc::ENOTSOCK)),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn connect(
    descriptor: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> c_int {
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
        return unsafe { real(libc::SYS_connect, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let to = match unsafe { socket_address::read(address, length) } {
        Ok(to) => to,
        Err(error) => return answer_int(Err::<isize, _>(error)),
    };
    answer_int(connect_to(descriptor, to.as_ref()).map(|value| value as isize))
}

/// Connects, and waits until that has ended if the socket waits; for the limit of its sends at most.
fn connect_to(descriptor: c_int, to: Option<&Address>) -> Result<c_int, Errno> {
    let mut begun = false;
    let (mut held, mut until) = (None, None);
    call(|state| {
        let id = match held.map_or_else(|| state.descriptors.get(descriptor), Ok) {
            Ok(id) => id,
            Err(error) => return Step::Done(Err(error)),
        };
        let timed_out = until.is_some() && state.timed_out();
        let result = connect_object(state, id, to, &mut begun);
        let goes_on = matches!(result, Err(Errno(libc::EAGAIN)));
        let open = state.objects.get(id);
        if goes_on && !open.is_nonblocking && !timed_out {
            if held.is_none() {
                held = Some(id);
                open.references += 1;
            }
            let limit = open.limits[1];
            until = until.or(limit.map(|limit| in_time(state, limit)));
            let channels = if begun {
                vec![Channel::Object(id)]
            } else {
                // The queue of a local listener is full.
                let listener = to.and_then(|to| local_listener(state, to));
                listener.map(Channel::Object).into_iter().collect()
            };
            return Step::Wait { channels, until };
        }
        if held.is_some() {
            state.release(id);
        }
        Step::Done(match result {
            Err(Errno(libc::EAGAIN)) if begun => Err(Errno(libc::EINPROGRESS)),
            result => result,
        })
    })
}
