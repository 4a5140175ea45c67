//! Extended attributes, which a simulated disk does not have.
#![allow(unsafe_code)]

use libc::{c_char, c_int, c_void};

use super::answer::{answer, answer_done, padded, real};
use super::descriptors::is_ours;
use crate::errno::Errno;

#[unsafe(no_mangle)]
unsafe extern "C" fn fgetxattr(
    descriptor: c_int,
    name: *const c_char,
    value: *mut c_void,
    size: usize,
) -> isize {
    if is_ours(descriptor) {
        return answer(Err::<isize, _>(Errno(libc::ENODATA)));
    }
    let arguments = padded([descriptor as usize, name as usize, value as usize, size]);
    // SAFETY: the caller's promise.
    unsafe { real(libc::SYS_fgetxattr, arguments) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsetxattr(
    descriptor: c_int,
    name: *const c_char,
    value: *const c_void,
    size: usize,
    flags: c_int,
) -> c_int {
    if is_ours(descriptor) {
        return answer_done(Err(Errno(libc::EOPNOTSUPP)));
    }
    let arguments = [
        descriptor as usize,
        name as usize,
        value as usize,
        size,
        flags as usize,
    ];
    // SAFETY: the caller's promise.
    unsafe { real(libc::SYS_fsetxattr, padded(arguments)) as c_int }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn flistxattr(descriptor: c_int, names: *mut c_char, size: usize) -> isize {
    if is_ours(descriptor) {
        return 0;
    }
    let arguments = padded([descriptor as usize, names as usize, size]);
    // SAFETY: the caller's promise.
    unsafe { real(libc::SYS_flistxattr, arguments) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fremovexattr(descriptor: c_int, name: *const c_char) -> c_int {
    if is_ours(descriptor) {
        return answer_done(Err(Errno(libc::ENODATA)));
    }
    let arguments = padded([descriptor as usize, name as usize]);
    // SAFETY: the caller's promise.
    unsafe { real(libc::SYS_fremovexattr, arguments) as c_int }
}
