//! Positions, sizes and the space of open files.
#![allow(unsafe_code)]

use libc::{c_char, c_int, off_t};

use super::answer::{answer, answer_done, padded, real};
use super::descriptors::is_ours;
use super::disk_access::{bytes_of, on_file, on_path};
use crate::kernel::is_simulated;
use crate::sys;

#[unsafe(no_mangle)]
unsafe extern "C" fn lseek(descriptor: c_int, offset: off_t, whence: c_int) -> off_t {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, offset as usize, whence as usize]);
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_lseek, arguments) } as off_t;
    }
    let position = on_file(descriptor, libc::ESPIPE, |disk, file, _| {
        disk.seek(file, offset, whence)
    });
    answer(position) as off_t
}

#[unsafe(no_mangle)]
unsafe extern "C" fn lseek64(descriptor: c_int, offset: off_t, whence: c_int) -> off_t {
    // SAFETY: the caller's promise.
    unsafe { lseek(descriptor, offset, whence) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate(descriptor: c_int, size: off_t) -> c_int {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, size as usize]);
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_ftruncate, arguments) } as c_int;
    }
    answer_done(on_file(descriptor, libc::EINVAL, |disk, file, now| {
        disk.truncate(file, size, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(descriptor: c_int, size: off_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { ftruncate(descriptor, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn truncate(path: *const c_char, size: off_t) -> c_int {
    if !is_simulated() {
        let arguments = padded([path as usize, size as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_truncate, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    answer_done(on_path(libc::AT_FDCWD, path, |disk, start, now| {
        disk.truncate_path(start, path, size, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn truncate64(path: *const c_char, size: off_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { truncate(path, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fallocate(
    descriptor: c_int,
    mode: c_int,
    offset: off_t,
    length: off_t,
) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            mode as usize,
            offset as usize,
            length as usize,
        ];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_fallocate, padded(arguments)) } as c_int;
    }
    answer_done(on_file(descriptor, libc::ENODEV, |disk, file, now| {
        disk.allocate(file, mode, offset, length, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fallocate64(
    descriptor: c_int,
    mode: c_int,
    offset: off_t,
    length: off_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fallocate(descriptor, mode, offset, length) }
}

/// Returns the number of the error.
#[unsafe(no_mangle)]
unsafe extern "C" fn posix_fallocate(descriptor: c_int, offset: off_t, length: off_t) -> c_int {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, 0, offset as usize, length as usize]);
        // SAFETY: the call touches no memory.
        return -(unsafe { sys::syscall(libc::SYS_fallocate, arguments) } as c_int);
    }
    let allocated = on_file(descriptor, libc::ENODEV, |disk, file, now| {
        disk.allocate(file, 0, offset, length, now)
    });
    allocated.map_or_else(|error| error.0, |()| 0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_fallocate64(descriptor: c_int, offset: off_t, length: off_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { posix_fallocate(descriptor, offset, length) }
}

/// Advice, which a simulated disk does not need. Returns the number of the error.
#[unsafe(no_mangle)]
unsafe extern "C" fn posix_fadvise(
    descriptor: c_int,
    offset: off_t,
    length: off_t,
    advice: c_int,
) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            offset as usize,
            length as usize,
            advice as usize,
        ];
        // SAFETY: the call touches no memory.
        return -(unsafe { sys::syscall(libc::SYS_fadvise64, padded(arguments)) } as c_int);
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn posix_fadvise64(
    descriptor: c_int,
    offset: off_t,
    length: off_t,
    advice: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { posix_fadvise(descriptor, offset, length, advice) }
}
