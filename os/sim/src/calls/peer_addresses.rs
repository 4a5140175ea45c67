//! Bytes with an address: who sent them, to whom they are sent.
#![allow(unsafe_code)]

use libc::{c_int, c_void, sockaddr, socklen_t};

use super::answer::{answer, real};
use super::bytes::{self, Direction, on_descriptor};
use super::datagrams;
use super::descriptors::is_ours;
use super::socket_address;
use crate::errno::Errno;
use crate::kernel::Object;
use crate::network::Address;

/// Receives with all that there is to say: bytes, sender, length.
pub(super) fn receive_from(
    descriptor: c_int,
    buffer: &mut [u8],
    flags: c_int,
) -> Result<(usize, Option<Address>, usize), Errno> {
    let never_waits = flags & libc::MSG_DONTWAIT != 0;
    let peeks = flags & libc::MSG_PEEK != 0;
    on_descriptor(descriptor, Direction::In, never_waits, |state, object| {
        if matches!(state.objects.get(object).object, Object::Datagram) {
            let (count, from, whole) = datagrams::receive(state, object, buffer, peeks)?;
            return Ok((count, Some(from), whole));
        }
        let count = bytes::receive(state, object, buffer, peeks)?;
        Ok((count, None, count))
    })
}

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
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), count) };
    let received = receive_from(descriptor, buffer, flags);
    answer(received.map(|(count, from, whole)| {
        if let Some(from) = from {
            // SAFETY: the caller's pointers are none, or to room for an address.
            unsafe { socket_address::write(&from, address, length) };
        }
        if flags & libc::MSG_TRUNC != 0 {
            whole
        } else {
            count
        }
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
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
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
    let Some(to) = to else {
        return bytes::send_all(descriptor, bytes, flags);
    };
    let never_waits = flags & libc::MSG_DONTWAIT != 0;
    answer(on_descriptor(
        descriptor,
        Direction::Out,
        never_waits,
        |state, object| datagrams::send(state, object, Some(to), bytes),
    ))
}
