//! Bytes with an address: who sent them, to whom they are sent.
#![allow(unsafe_code)]

use libc::{c_int, c_void, sockaddr, socklen_t};

use super::answer::{answer, real};
use super::bytes::{CallKind, Direction, on_descriptor, receive, send_all};
use super::datagrams;
use super::descriptors::is_ours;
use super::parts::{lent, lent_mut};
use super::socket_address;
use crate::errno::Errno;
use crate::kernel::{Object, read};
use crate::network::Address;

#[unsafe(no_mangle)]
unsafe extern "C" fn recvfrom(
    descriptor: c_int,
    buffer: *mut c_void,
    count: usize,
    flags: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
) -> isize {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            buffer as usize,
            count,
            flags as usize,
            address as usize,
            length as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_recvfrom, arguments) };
    }
    // SAFETY: the caller lends these bytes.
    let buffer = unsafe { lent_mut(buffer, count) };
    let received = receive(descriptor, buffer, flags, CallKind::Socket);
    answer(received.map(|received| {
        if let Some(from) = &received.from {
            // SAFETY: the caller's pointers are none, or to room for an address.
            unsafe { socket_address::write(from, address, length) };
        }
        received.length(flags)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sendto(
    descriptor: c_int,
    buffer: *const c_void,
    count: usize,
    flags: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> isize {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            buffer as usize,
            count,
            flags as usize,
            address as usize,
            length as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_sendto, arguments) };
    }
    // SAFETY: the caller lends these bytes.
    let bytes = unsafe { lent(buffer, count) };
    // SAFETY: the caller's pointer is none, or to an address.
    let to = match unsafe { socket_address::read(address, length) } {
        Ok(to) => to,
        Err(error) => return answer(Err::<isize, _>(error)),
    };
    send_to(descriptor, to.as_ref(), bytes, flags)
}

/// Sends to whom is named, or connected.
pub(super) fn send_to(
    descriptor: c_int,
    to: Option<&Address>,
    bytes: &[u8],
    flags: c_int,
) -> isize {
    let never_waits = flags & libc::MSG_DONTWAIT != 0;
    let Some(to) = to else {
        return send_all(descriptor, bytes, flags, CallKind::Socket, Vec::new());
    };
    let is_datagram = read(|state| {
        let object = state.descriptors.get(descriptor)?;
        let open = state.objects.get(object);
        let is_local = open.domain == libc::AF_UNIX;
        match open.object {
            Object::Datagram => Ok(true),
            Object::Stream(_) if is_local => Err(Errno(libc::EISCONN)),
            Object::Socket if is_local => Err(Errno(libc::EOPNOTSUPP)),
            // Connections know to whom.
            Object::Stream(_) => Ok(false),
            _ => Err(Errno(libc::ENOTCONN)),
        }
    });
    match is_datagram {
        Ok(true) => answer(on_descriptor(
            descriptor,
            Direction::Out,
            never_waits,
            |state, object| datagrams::send(state, object, Some(to), bytes),
        )),
        Ok(false) => send_all(descriptor, bytes, flags, CallKind::Socket, Vec::new()),
        Err(error) => answer(Err::<isize, _>(error)),
    }
}
