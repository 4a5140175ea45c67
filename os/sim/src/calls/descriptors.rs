//! Descriptors: closed, doubled.
#![allow(unsafe_code)]

use libc::c_int;

use super::answer::{answer_int, padded, real};
use crate::errno::Errno;
use crate::kernel::{FIRST_DESCRIPTOR, is_simulated, read};

/// Whether this call is about a simulated descriptor.
pub(super) fn is_ours(descriptor: c_int) -> bool {
    descriptor >= FIRST_DESCRIPTOR && is_simulated()
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn close(descriptor: c_int) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, 0, 0, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_close, arguments) } as c_int;
    }
    answer_int(read(|state| {
        let object = state.descriptors.remove(descriptor)?;
        state.network.now = state.now;
        state.release(object);
        Ok::<_, Errno>(0)
    }))
}

pub(super) fn double(descriptor: c_int, least: c_int) -> Result<c_int, Errno> {
    read(|state| {
        let object = state.descriptors.get(descriptor)?;
        state.objects.get(object).references += 1;
        Ok(state.descriptors.add(object, least))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dup(descriptor: c_int) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [descriptor as usize, 0, 0, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_dup, arguments) } as c_int;
    }
    answer_int(double(descriptor, 0))
}

/// Gives the object of one descriptor another one, which is closed before.
fn double_to(descriptor: c_int, other: c_int, is_cloexec: bool) -> Result<c_int, Errno> {
    if other < FIRST_DESCRIPTOR {
        // A real descriptor cannot stand for a simulated object.
        return Err(Errno(libc::EBADF));
    }
    read(|state| {
        let object = state.descriptors.get(descriptor)?;
        if descriptor == other {
            return Ok(other);
        }
        state.objects.get(object).references += 1;
        let before = state.descriptors.remove(other);
        state.descriptors.put(other, object);
        state.descriptors.set_cloexec(other, is_cloexec);
        if let Ok(before) = before {
            state.network.now = state.now;
            state.release(before);
        }
        Ok(other)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dup2(descriptor: c_int, other: c_int) -> c_int {
    if !is_ours(descriptor) && !is_ours(other) {
        let arguments = [descriptor as usize, other as usize];
        if descriptor == other {
            let arguments = padded([descriptor as usize, libc::F_GETFD as usize]);
            // SAFETY: the call touches no memory.
            let is_open = unsafe { real(libc::SYS_fcntl, arguments) } >= 0;
            return if is_open { other } else { -1 };
        }
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_dup3, padded(arguments)) } as c_int;
    }
    answer_int(double_to(descriptor, other, false))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn dup3(descriptor: c_int, other: c_int, flags: c_int) -> c_int {
    if !is_ours(descriptor) && !is_ours(other) {
        let arguments = padded([descriptor as usize, other as usize, flags as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_dup3, arguments) } as c_int;
    }
    if descriptor == other || flags & !libc::O_CLOEXEC != 0 {
        return answer_int(Err::<isize, _>(Errno(libc::EINVAL)));
    }
    answer_int(double_to(descriptor, other, flags != 0))
}
