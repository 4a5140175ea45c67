//! Descriptors are controlled: `fcntl`, `ioctl`.
#![allow(unsafe_code)]

use libc::{c_int, c_ulong, c_void};

use super::answer::{answer_int, real};
use super::descriptors::{double, is_ours};
use super::file_locks::control_file;
use super::file_positions::is_file;
use crate::errno::Errno;
use crate::kernel::{Object, PIPE_CAPACITY, read};

fn control(descriptor: c_int, command: c_int, argument: usize) -> Result<c_int, Errno> {
    let of_file = is_file(descriptor).then(|| control_file(descriptor, command, argument));
    if let Some(done) = of_file.flatten() {
        return done;
    }
    match command {
        libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => {
            let twin = double(descriptor, argument as c_int)?;
            let is_cloexec = command == libc::F_DUPFD_CLOEXEC;
            read(|state| state.descriptors.set_cloexec(twin, is_cloexec));
            Ok(twin)
        }
        libc::F_GETFD => read(|state| {
            state.descriptors.get(descriptor)?;
            Ok(c_int::from(state.descriptors.is_cloexec(descriptor)))
        }),
        libc::F_SETFD => read(|state| {
            state.descriptors.get(descriptor)?;
            let is_cloexec = argument as c_int & libc::FD_CLOEXEC != 0;
            state.descriptors.set_cloexec(descriptor, is_cloexec);
            Ok(0)
        }),
        libc::F_GETFL => read(|state| {
            let object = state.descriptors.get(descriptor)?;
            let open = state.objects.get(object);
            let way = match open.object {
                Object::Pipe { is_writer, .. } => c_int::from(is_writer),
                _ => libc::O_RDWR,
            };
            let own = if open.is_nonblocking {
                libc::O_NONBLOCK
            } else {
                0
            };
            Ok(way | own)
        }),
        libc::F_GETPIPE_SZ | libc::F_SETPIPE_SZ => read(|state| {
            let object = state.descriptors.get(descriptor)?;
            match state.objects.get(object).object {
                Object::Pipe { .. } => Ok(PIPE_CAPACITY as c_int),
                _ => Err(Errno(libc::EBADF)),
            }
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
            Object::Pipe { pipe, .. } => Some(state.pipe_length(pipe)),
            Object::Datagram => {
                let socket = state.network.datagrams.get(&object);
                socket
                    .and_then(|socket| socket.received.front())
                    .map(|first| first.bytes.len())
            }
            Object::Socket => None,
            Object::Poller(_) | Object::Listener => return Err(Errno(libc::EINVAL)),
            _ => return Err(Errno(libc::ENOTTY)),
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
