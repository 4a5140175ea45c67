//! Connections that a program asks for.
#![allow(unsafe_code)]

use libc::{c_int, sockaddr, socklen_t};

use super::answer::{answer_int, real};
use super::datagrams::{bind_if_unbound, unspecified};
use super::descriptors::is_ours;
use super::socket_address;
use super::sockets::claim;
use crate::errno::Errno;
use crate::ids::ObjectId;
use crate::kernel::{Channel, Object, State, Step, call};
use crate::network::Address;

/// Begins to connect; `EAGAIN` while it goes on.
fn connect_object(
    state: &mut State,
    id: ObjectId,
    to: &Address,
    begun: &mut bool,
) -> Result<c_int, Errno> {
    let host = state.host();
    match state.objects.get(id).object {
        Object::Datagram => {
            let ip = to.ip();
            bind_if_unbound(state, id);
            let source = ip.map(|ip| state.network.links.source(host, ip));
            let socket = state
                .network
                .datagrams
                .get_mut(&id)
                .ok_or(Errno(libc::EINVAL))?;
            if let (Address::Inet(local), Some(source)) = (&mut socket.local, source) {
                if local.ip().is_unspecified() {
                    local.set_ip(source);
                }
            }
            socket.remote = Some(to.clone());
            Ok(0)
        }
        Object::Socket {
            domain, ref local, ..
        } => {
            let local = local.clone();
            let mut local = match local {
                Some(local) => local,
                None => claim(state, unspecified(domain))?,
            };
            if let (Address::Inet(local), Some(ip)) = (&mut local, to.ip()) {
                if local.ip().is_unspecified() {
                    local.set_ip(state.network.links.source(host, ip));
                }
            }
            let end = state.on_network(|network| network.connect(host, local, to.clone()))?;
            state.objects.get(id).object = Object::Stream(end);
            let endpoint = state.network.endpoints.get_mut(&end).expect("just made");
            endpoint.object = Some(id);
            *begun = true;
            if endpoint.is_connected() {
                Ok(0)
            } else {
                Err(Errno(libc::EAGAIN))
            }
        }
        Object::Stream(end) => {
            let endpoint = state
                .network
                .endpoints
                .get_mut(&end)
                .ok_or(Errno(libc::ENOTCONN))?;
            if let Some(error) = endpoint.error.take() {
                return Err(error);
            }
            match (endpoint.is_connected(), *begun) {
                (true, true) => Ok(0),
                (true, false) => Err(Errno(libc::EISCONN)),
                (false, true) => Err(Errno(libc::EAGAIN)),
                (false, false) => Err(Errno(libc::EALREADY)),
            }
        }
        _ => Err(Errno(libc::EINVAL)),
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
        Ok(Some(to)) => to,
        Ok(None) => return answer_int(Err::<isize, _>(Errno(libc::EINVAL))),
        Err(error) => return answer_int(Err::<isize, _>(error)),
    };
    let mut begun = false;
    let result = call(|state| {
        let id = match state.descriptors.get(descriptor) {
            Ok(id) => id,
            Err(error) => return Step::Done(Err(error)),
        };
        match connect_object(state, id, &to, &mut begun) {
            Err(Errno(libc::EAGAIN)) if begun && !state.objects.get(id).is_nonblocking => {
                let channels = vec![Channel::Object(id)];
                Step::Wait {
                    channels,
                    until: None,
                }
            }
            Err(Errno(libc::EAGAIN)) if begun => Step::Done(Err(Errno(libc::EINPROGRESS))),
            result => Step::Done(result),
        }
    });
    answer_int(result.map(|value| value as isize))
}
