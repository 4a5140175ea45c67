//! Bytes: read and written, sent and received.
#![allow(unsafe_code)]

use libc::{c_int, c_void, iovec};

use super::answer::{answer, real};
use super::bytes::{CallKind, receive, send_all};
use super::descriptors::is_ours;
use super::file_positions::{is_file, read_file, read_parts, write_file, write_parts};
use super::parts::{gather, room, scatter};

#[unsafe(no_mangle)]
unsafe extern "C" fn read(descriptor: c_int, buffer: *mut c_void, count: usize) -> isize {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, buffer as usize, count, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_read, arguments) };
    }
    if is_file(descriptor) {
        // SAFETY: the caller lends these bytes.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), count) };
        return answer(read_file(descriptor, buffer, None));
    }
    // SAFETY: as above.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), count) };
    let received = receive(descriptor, buffer, 0, CallKind::File);
    answer(received.map(|received| received.length(0)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn recv(
    descriptor: c_int,
    buffer: *mut c_void,
    count: usize,
    flags: c_int,
) -> isize {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            buffer as usize,
            count,
            flags as usize,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_recvfrom, arguments) };
    }
    // SAFETY: the caller lends these bytes.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), count) };
    let received = receive(descriptor, buffer, flags, CallKind::Socket);
    answer(received.map(|received| received.length(flags)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(descriptor: c_int, buffer: *const c_void, count: usize) -> isize {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, buffer as usize, count, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_write, arguments) };
    }
    if is_file(descriptor) {
        // SAFETY: the caller lends these bytes.
        let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
        return answer(write_file(descriptor, bytes, None));
    }
    // SAFETY: the caller lends these bytes.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
    send_all(descriptor, bytes, 0, CallKind::File, Vec::new())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn send(
    descriptor: c_int,
    buffer: *const c_void,
    count: usize,
    flags: c_int,
) -> isize {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            buffer as usize,
            count,
            flags as usize,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_sendto, arguments) };
    }
    // SAFETY: the caller lends these bytes.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), count) };
    send_all(descriptor, bytes, flags, CallKind::Socket, Vec::new())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn readv(descriptor: c_int, parts: *const iovec, count: c_int) -> isize {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, parts as usize, count as usize, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_readv, arguments) };
    }
    if is_file(descriptor) {
        // SAFETY: the caller's promise.
        return unsafe { read_parts(descriptor, parts, count as usize, None) };
    }
    // SAFETY: the caller's promise.
    let mut buffer = vec![0; unsafe { room(parts, count as usize) }];
    let received = receive(descriptor, &mut buffer, 0, CallKind::File);
    let received = received.map(|received| received.length(0));
    if let Ok(received) = received {
        // SAFETY: the caller's promise.
        unsafe { scatter(parts, count as usize, &buffer[..received]) };
    }
    answer(received)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn writev(descriptor: c_int, parts: *const iovec, count: c_int) -> isize {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, parts as usize, count as usize, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_writev, arguments) };
    }
    if is_file(descriptor) {
        // SAFETY: the caller's promise.
        return unsafe { write_parts(descriptor, parts, count as usize, None) };
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { gather(parts, count as usize) };
    send_all(descriptor, &bytes, 0, CallKind::File, Vec::new())
}
