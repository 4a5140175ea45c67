//! Descriptors are controlled: `fcntl`, `ioctl`.
#![allow(unsafe_code)]

use libc::{c_int, c_ulong, c_void};

use super::answer::{answer_int, real};
use super::descriptors::{double, is_ours};
use super::file_locks::control_file;
use super::file_positions::is_file;
use crate::errno::Errno;
use crate::kernel::{Object, read};

fn control(descriptor: c_int, command: c_int, argument: usize) -> Result<c_int, Errno> {
    let of_file = is_file(descriptor).then(|| control_file(descriptor, command, argument));
    if let Some(done) = of_file.flatten() {
        return done;
    }
    match command {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => double(descriptor, argument as c_int),
        libc::F_GETFD => read(|state| state.descriptors.get(descriptor).map(|_| libc::FD_CLOEXEC)),
        libc::F_SETFD => read(|state| state.descriptors.get(descriptor).map(|_| 0)),
        libc::F_GETFL => read(|state| {
            let object = state.descriptors.get(descriptor)?;
            let is_nonblocking = state.objects.get(object).is_nonblocking;
            let own = if is_nonblocking { libc::O_NONBLOCK } else { 0 };
            Ok(libc::O_RDWR | own)
        }),
        libc::F_SETFL => set_nonblocking(descriptor, argument as c_int & libc::O_NONBLOCK != 0),
        _ => Err(Errno(libc::EINVAL)),
    }
}

fn set_nonblocking(descriptor: c_int, is_nonblocking: bool) -> Result<c_int, Errno> {
    read(|state| {
        let object = state.descriptors.get(descriptor)?;
        state.objects.get(object).is_nonblocking = is_nonblocking;
        Ok(0)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fcntl(descriptor: c_int, command: c_int, argument: usize) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, command as usize, argument, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_fcntl, arguments) } as c_int;
    }
    answer_int(control(descriptor, command, argument))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fcntl64(descriptor: c_int, command: c_int, argument: usize) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fcntl(descriptor, command, argument) }
}

/// Bytes that can be read at once.
fn waiting(descriptor: c_int) -> Result<c_int, Errno> {
    read(|state| {
        let object = state.descriptors.get(descriptor)?;
        let count = match state.objects.get(object).object {
            Object::Stream(end) => state
                .network
                .endpoints
                .get(&end)
                .map(|end| end.received.len()),
            Object::Datagram => {
                let socket = state.network.datagrams.get(&object);
                socket
                    .and_then(|socket| socket.received.front())
                    .map(|first| first.bytes.len())
            }
            _ => None,
        };
        Ok(count.unwrap_or(0) as c_int)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ioctl(descriptor: c_int, request: c_ulong, argument: *mut c_void) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            request as usize,
            argument as usize,
            0,
            0,
            0,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_ioctl, arguments) } as c_int;
    }
    let argument = argument.cast::<c_int>();
    match request {
        _ if is_file(descriptor) && request != libc::FIOCLEX => {
            answer_int(Err::<c_int, _>(Errno(libc::ENOTTY)))
        }
        // SAFETY: the caller's pointer is one to a number.
        libc::FIONBIO => answer_int(set_nonblocking(descriptor, unsafe { *argument } != 0)),
        libc::FIONREAD => answer_int(waiting(descriptor).map(|count| {
            // SAFETY: the caller's pointer is one to a number.
            unsafe { argument.write(count) };
            0
        })),
        libc::FIOCLEX => 0,
        _ => answer_int(Err::<c_int, _>(Errno(libc::ENOTTY))),
    }
}
