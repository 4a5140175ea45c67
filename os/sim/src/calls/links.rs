//! Links, hard and symbolic, and where paths lead.
#![allow(unsafe_code)]

use libc::{c_char, c_int};

use super::answer::{answer, answer_done, padded, real};
use super::disk_access::{bytes_of, on_path, on_paths};
use super::real_paths::is_own;
use crate::errno::Errno;
use crate::kernel::is_simulated;
use crate::sys::{self, OriginalFunction};

#[unsafe(no_mangle)]
unsafe extern "C" fn linkat(
    old_directory: c_int,
    old: *const c_char,
    new_directory: c_int,
    new: *const c_char,
    flags: c_int,
) -> c_int {
    if !is_simulated() {
        let arguments = [
            old_directory as usize,
            old as usize,
            new_directory as usize,
            new as usize,
            flags as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_linkat, padded(arguments)) } as c_int;
    }
    // SAFETY: the caller's promise.
    let old = unsafe { bytes_of(old) };
    // SAFETY: as above.
    let new = unsafe { bytes_of(new) };
    let is_followed = flags & libc::AT_SYMLINK_FOLLOW != 0;
    let paths = [(old_directory, old), (new_directory, new)];
    answer_done(on_paths(paths, |disk, [old, new], now| {
        disk.link(old, new, is_followed, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn link(old: *const c_char, new: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { linkat(libc::AT_FDCWD, old, libc::AT_FDCWD, new, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn symlinkat(
    target: *const c_char,
    directory: c_int,
    path: *const c_char,
) -> c_int {
    if !is_simulated() {
        let arguments = padded([target as usize, directory as usize, path as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_symlinkat, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let target = unsafe { bytes_of(target) };
    // SAFETY: as above.
    let path = unsafe { bytes_of(path) };
    answer_done(on_path(directory, path, |disk, start, now| {
        disk.symlink(target, start, path, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn symlink(target: *const c_char, path: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { symlinkat(target, libc::AT_FDCWD, path) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn readlinkat(
    directory: c_int,
    path: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> isize {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes_of(path) };
    if !is_simulated() || is_own(bytes) {
        let arguments = padded([directory as usize, path as usize, buffer as usize, size]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_readlinkat, arguments) };
    }
    let target = on_path(directory, bytes, |disk, start, _| {
        disk.read_link(start, bytes)
    });
    answer(target.map(|target| {
        let length = target.len().min(size);
        // SAFETY: the caller lends so many bytes.
        unsafe { std::ptr::copy_nonoverlapping(target.as_ptr(), buffer.cast(), length) };
        length
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn readlink(path: *const c_char, buffer: *mut c_char, size: usize) -> isize {
    // SAFETY: the caller's promise.
    unsafe { readlinkat(libc::AT_FDCWD, path, buffer, size) }
}

/// The caller's room for a path, or new room; null and `errno` where it does not fit.
///
/// # Safety
/// `room` is null or has `size` bytes.
pub(super) unsafe fn lend_path(
    path: Result<Vec<u8>, Errno>,
    room: *mut c_char,
    size: usize,
) -> *mut c_char {
    let fitting = path.and_then(|path| {
        if path.len() < size || room.is_null() {
            Ok(path)
        } else {
            Err(Errno(libc::ERANGE))
        }
    });
    let path = match fitting {
        Ok(path) => path,
        Err(error) => {
            sys::set_errno(error.0);
            return std::ptr::null_mut();
        }
    };
    let room = if room.is_null() {
        // SAFETY: any size is allowed.
        unsafe { libc::malloc(size.max(path.len() + 1)) }.cast::<c_char>()
    } else {
        room
    };
    if room.is_null() {
        return room;
    }
    // SAFETY: there is room for the path.
    unsafe { std::ptr::copy_nonoverlapping(path.as_ptr(), room.cast(), path.len()) };
    // SAFETY: and for the zero at its end.
    let end = unsafe { room.add(path.len()) };
    // SAFETY: as above.
    unsafe { end.write(0) };
    room
}

#[unsafe(no_mangle)]
unsafe extern "C" fn realpath(path: *const c_char, resolved: *mut c_char) -> *mut c_char {
    static REALPATH: OriginalFunction = OriginalFunction::new(c"realpath");
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes_of(path) };
    if !is_simulated() || is_own(bytes) {
        type Function = unsafe extern "C" fn(*const c_char, *mut c_char) -> *mut c_char;
        // SAFETY: the C library's function of this name has this type.
        let realpath = unsafe { std::mem::transmute::<usize, Function>(REALPATH.address()) };
        // SAFETY: the caller's promise.
        return unsafe { realpath(path, resolved) };
    }
    let found = on_path(libc::AT_FDCWD, bytes, |disk, start, _| {
        disk.canonical_path(start, bytes)
    });
    // SAFETY: the caller's room is none, or long enough for any path.
    unsafe { lend_path(found, resolved, libc::PATH_MAX as usize) }
}
