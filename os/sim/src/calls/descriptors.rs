//! Descriptors: closed, doubled.
#![allow(unsafe_code)]

use libc::c_int;

use super::answer::{answer_int, real};
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
