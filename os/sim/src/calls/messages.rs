//! Messages: bytes in parts, with an address.
#![allow(unsafe_code)]

use libc::{c_int, c_uint, c_void, mmsghdr, msghdr, sockaddr, timespec};

use super::answer::{answer, answer_int, real};
use super::bytes::{CallKind, receive, send_all};
use super::descriptors::is_ours;
use super::parts::{gather, room, scatter};
use super::passed_descriptors::{close_passed, passed_with, take_passed};
use super::peer_addresses::send_to;
use super::socket_address;
use crate::errno::Errno;

#[unsafe(no_mangle)]
unsafe extern "C" fn recvmsg(descriptor: c_int, message: *mut msghdr, flags: c_int) -> isize {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            message as usize,
            flags as usize,
            0,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_recvmsg, arguments) };
    }
    // SAFETY: the caller lends the message.
    let message = unsafe { &mut *message };
    // SAFETY: the message's parts are the caller's.
    let mut buffer = vec![0; unsafe { room(message.msg_iov, message.msg_iovlen) }];
    let received = receive(descriptor, &mut buffer, flags, CallKind::Socket);
    answer(received.map(|mut received| {
        let (count, whole) = (received.count, received.whole);
        // SAFETY: as above.
        unsafe { scatter(message.msg_iov, message.msg_iovlen, &buffer[..count]) };
        message.msg_flags = if whole > count { libc::MSG_TRUNC } else { 0 };
        // SAFETY: the message's room for control data is the caller's.
        unsafe { take_passed(message, &mut received.passed, flags) };
        match &received.from {
            Some(from) => {
                let name = message.msg_name.cast::<sockaddr>();
                // SAFETY: the message's name is none, or room for an address.
                unsafe { socket_address::write(from, name, &raw mut message.msg_namelen) };
            }
            None => message.msg_namelen = 0,
        }
        received.length(flags)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sendmsg(descriptor: c_int, message: *const msghdr, flags: c_int) -> isize {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            message as usize,
            flags as usize,
            0,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_sendmsg, arguments) };
    }
    // SAFETY: the caller lends the message.
    let message = unsafe { &*message };
    // SAFETY: the message's parts are the caller's.
    let bytes = unsafe { gather(message.msg_iov, message.msg_iovlen) };
    // SAFETY: the message's name is none, or an address.
    let to = unsafe { socket_address::read(message.msg_name.cast(), message.msg_namelen) };
    // SAFETY: the message's control data is the caller's.
    let passed = match unsafe { passed_with(descriptor, message) } {
        Ok(passed) => passed,
        Err(error) => return answer(Err::<isize, _>(error)),
    };
    match to {
        Ok(None) => send_all(descriptor, &bytes, flags, CallKind::Socket, passed),
        Ok(to) => {
            // A stream that passes objects takes no name, so that they are not sent.
            close_passed(passed);
            send_to(descriptor, to.as_ref(), &bytes, flags)
        }
        Err(error) => {
            close_passed(passed);
            answer(Err::<isize, _>(error))
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn recvmmsg(
    descriptor: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
    limit: *mut timespec,
) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            messages as usize,
            count as usize,
            flags as usize,
            limit as usize,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_recvmmsg, arguments) } as c_int;
    }
    // SAFETY: the caller lends so many messages.
    let messages = unsafe { std::slice::from_raw_parts_mut(messages, count as usize) };
    for (at, message) in messages.iter_mut().enumerate() {
        let flags = if at == 0 {
            flags
        } else {
            flags | libc::MSG_DONTWAIT
        };
        // SAFETY: as above.
        let received = unsafe { recvmsg(descriptor, &raw mut message.msg_hdr, flags) };
        if received < 0 {
            return if at == 0 { -1 } else { at as c_int };
        }
        message.msg_len = received as c_uint;
    }
    count as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sendmmsg(
    descriptor: c_int,
    messages: *mut mmsghdr,
    count: c_uint,
    flags: c_int,
) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            messages as usize,
            count as usize,
            flags as usize,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_sendmmsg, arguments) } as c_int;
    }
    // SAFETY: the caller lends so many messages.
    let messages = unsafe { std::slice::from_raw_parts_mut(messages, count as usize) };
    for (at, message) in messages.iter_mut().enumerate() {
        // SAFETY: as above.
        let sent = unsafe { sendmsg(descriptor, &raw const message.msg_hdr, flags) };
        if sent < 0 {
            return if at == 0 { -1 } else { at as c_int };
        }
        message.msg_len = sent as c_uint;
    }
    count as c_int
}

/// Files are copied by reads and writes.
#[unsafe(no_mangle)]
unsafe extern "C" fn copy_file_range(
    from: c_int,
    from_offset: *mut i64,
    to: c_int,
    to_offset: *mut i64,
    count: usize,
    flags: c_uint,
) -> isize {
    if is_ours(to) || is_ours(from) {
        return answer(Err::<isize, _>(Errno(libc::ENOSYS)));
    }
    let arguments = [
        from as usize,
        from_offset as usize,
        to as usize,
        to_offset as usize,
        count,
        flags as usize,
    ];
    // SAFETY: the caller's promise.
    unsafe { real(libc::SYS_copy_file_range, arguments) }
}

/// Files and pipes are copied by reads and writes.
#[unsafe(no_mangle)]
unsafe extern "C" fn sendfile(to: c_int, from: c_int, offset: *mut i64, count: usize) -> isize {
    if is_ours(to) || is_ours(from) {
        return answer(Err::<isize, _>(Errno(libc::EINVAL)));
    }
    let arguments = [to as usize, from as usize, offset as usize, count, 0, 0];
    // SAFETY: the caller's promise.
    unsafe { real(libc::SYS_sendfile, arguments) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sendfile64(to: c_int, from: c_int, offset: *mut i64, count: usize) -> isize {
    // SAFETY: the caller's promise.
    unsafe { sendfile(to, from, offset, count) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn splice(
    from: c_int,
    from_offset: *mut c_void,
    to: c_int,
    to_offset: *mut c_void,
    count: usize,
    flags: c_uint,
) -> isize {
    if is_ours(to) || is_ours(from) {
        return answer_int(Err::<isize, _>(Errno(libc::EINVAL))) as isize;
    }
    let arguments = [
        from as usize,
        from_offset as usize,
        to as usize,
        to_offset as usize,
        count,
        flags as usize,
    ];
    // SAFETY: the caller's promise.
    unsafe { real(libc::SYS_splice, arguments) }
}
