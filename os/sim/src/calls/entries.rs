//! Entries of directories: made, removed, renamed.
#![allow(unsafe_code)]

use libc::{c_char, c_int, c_uint, mode_t};

use super::answer::{answer_done, padded, real};
use super::disk_access::{UMASK, bytes_of, on_path, on_paths};
use crate::kernel::is_simulated;

#[unsafe(no_mangle)]
unsafe extern "C" fn mkdirat(directory: c_int, path: *const c_char, mode: mode_t) -> c_int {
    if !is_simulated() {
        let arguments = padded([directory as usize, path as usize, mode as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_mkdirat, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    answer_done(on_path(directory, path, |disk, start, now| {
        disk.mkdir(start, path, mode & !UMASK, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { mkdirat(libc::AT_FDCWD, path, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
    if !is_simulated() {
        let arguments = padded([directory as usize, path as usize, flags as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_unlinkat, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    let is_directory = flags & libc::AT_REMOVEDIR != 0;
    answer_done(on_path(directory, path, |disk, start, now| {
        if is_directory {
            disk.rmdir(start, path, now)
        } else {
            disk.unlink(start, path, now)
        }
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { unlinkat(libc::AT_FDCWD, path, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { unlinkat(libc::AT_FDCWD, path, libc::AT_REMOVEDIR) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn renameat2(
    old_directory: c_int,
    old: *const c_char,
    new_directory: c_int,
    new: *const c_char,
    flags: c_uint,
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
        return unsafe { real(libc::SYS_renameat2, padded(arguments)) } as c_int;
    }
    // SAFETY: the caller's promise.
    let old = unsafe { bytes_of(old) };
    // SAFETY: as above.
    let new = unsafe { bytes_of(new) };
    let paths = [(old_directory, old), (new_directory, new)];
    answer_done(on_paths(paths, |disk, [old, new], now| {
        disk.rename(old, new, flags, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn renameat(
    old_directory: c_int,
    old: *const c_char,
    new_directory: c_int,
    new: *const c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { renameat2(old_directory, old, new_directory, new, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rename(old: *const c_char, new: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { renameat2(libc::AT_FDCWD, old, libc::AT_FDCWD, new, 0) }
}
