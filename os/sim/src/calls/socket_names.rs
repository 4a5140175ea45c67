//! The addresses of sockets that programs have.
#![allow(unsafe_code)]

use libc::{c_int, c_long, sockaddr, socklen_t};

use super::answer::{answer_int, real};
use super::datagrams::unspecified;
use super::descriptors::is_ours;
use super::socket_address;
use crate::errno::Errno;
use crate::kernel::{Object, State, read};
use crate::network::Address;

/// The address of a socket, or of its peer.
fn name_of(state: &mut State, descriptor: c_int, of_peer: bool) -> Result<Address, Errno> {
    let id = state.descriptors.get(descriptor)?;
    let not_connected = Errno(libc::ENOTCONN);
    let open = state.objects.get(id);
    let domain = open.domain;
    let name = match &open.object {
        Object::Socket if !of_peer => {
            let bound = state.network.bound.get(&id);
            bound.map_or_else(|| unspecified(domain), |(_, local)| local.clone())
        }
        Object::Stream(end) => {
            let end = state.network.endpoints.get(end).ok_or(not_connected)?;
            let is_over = !end.is_instant && end.is_finished && end.is_write_shut;
            let is_there = end.is_connected() && !end.is_broken && !is_over;
            match of_peer {
                false => end.local.clone(),
                true if is_there => end.remote.clone(),
                true => return Err(not_connected),
            }
        }
        Object::Listener if !of_peer => {
            let listener = state.network.listeners.get(&id);
            listener.ok_or(not_connected)?.local.clone()
        }
        Object::Datagram => {
            let socket = state.network.datagrams.get(&id).ok_or(not_connected)?;
            if of_peer {
                socket.remote.clone().ok_or(not_connected)?
            } else {
                socket.local.clone()
            }
        }
        Object::Socket | Object::Listener => return Err(not_connected),
        _ => return Err(Errno(libc::ENOTSOCK)),
    };
    Ok(name.shown(domain))
}

/// Gives a caller the address of a socket, or of its peer; `number` is the real call.
///
/// # Safety
/// As the call says.
unsafe fn give_name(
    number: c_long,
    of_peer: bool,
    descriptor: c_int,
    (address, length): (*mut sockaddr, *mut socklen_t),
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
        return unsafe { real(number, arguments) } as c_int;
    }
    answer_int(
        read(|state| name_of(state, descriptor, of_peer)).map(|name| {
            // SAFETY: the caller's pointers are to room for an address.
            unsafe { socket_address::write(&name, address, length) };
            0_isize
        }),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getsockname(
    descriptor: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { give_name(libc::SYS_getsockname, false, descriptor, (address, length)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getpeername(
    descriptor: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { give_name(libc::SYS_getpeername, true, descriptor, (address, length)) }
}
