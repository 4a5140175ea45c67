//! Files are opened: on the simulated disk, but for those that the real kernel opens.
#![allow(unsafe_code)]

use libc::{c_char, c_int, mode_t};

use super::answer::{answer_int, padded, real};
use super::disk_access::{UMASK, ask_disk, bytes_of, wall_clock};
use super::real_paths::is_real;
use crate::errno::Errno;
use crate::kernel::{Object, is_simulated, read};

/// Devices whose numbers the seed decides.
const ENTROPY: &[&[u8]] = &[b"/dev/random", b"/dev/urandom"];

/// Opens a file of the host's disk.
pub(super) fn open_file(
    directory: c_int,
    path: &[u8],
    flags: c_int,
    mode: u32,
) -> Result<c_int, Errno> {
    if ENTROPY.contains(&path) {
        return Ok(read(|state| state.open(Object::Entropy, flags)));
    }
    ask_disk(|state| {
        let (host, now) = (state.host(), wall_clock(state));
        let start = state.start_of(directory, path);
        let opened = start.and_then(|start| {
            state.on_disk(host, |disk| {
                disk.open(start, path, flags, mode & !UMASK, now)
            })
        });
        let descriptor = opened.map(|file| state.open(Object::File(file), flags));
        (host, descriptor)
    })
}

// The C library's function takes the mode only where a file may be made; else it is as it happens to be.
#[unsafe(no_mangle)]
unsafe extern "C" fn openat(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes_of(path) };
    if !is_simulated() || is_real(bytes, flags) {
        let arguments = [
            directory as usize,
            path as usize,
            flags as usize,
            mode as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_openat, padded(arguments)) } as c_int;
    }
    answer_int(open_file(directory, bytes, flags, mode))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn openat64(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { openat(directory, path, flags | libc::O_LARGEFILE, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { openat(libc::AT_FDCWD, path, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { openat(libc::AT_FDCWD, path, flags | libc::O_LARGEFILE, mode) }
}

/// `open` where the compiler knows that no file is made, as checked C code calls it.
#[unsafe(no_mangle)]
unsafe extern "C" fn __open_2(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { open(path, flags, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn __open64_2(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { open64(path, flags, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn creat(path: *const c_char, mode: mode_t) -> c_int {
    let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
    // SAFETY: the caller's promise.
    unsafe { open(path, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn creat64(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { creat(path, mode) }
}
