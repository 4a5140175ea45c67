//! Bytes of files: at the position, or at an offset.
#![allow(unsafe_code)]

use libc::{c_int, c_void, iovec, off_t};

use super::answer::{answer, padded, real};
use super::descriptors::is_ours;
use super::disk_access::on_file;
use super::parts::{gather, lent, lent_mut, room, scatter};
use crate::errno::Errno;
use crate::kernel::read as look;

/// Whether the descriptor stands for a file.
pub(super) fn is_file(descriptor: c_int) -> bool {
    look(|state| state.file(descriptor, libc::ESPIPE)).is_ok()
}

/// Reads at `offset`, or at the position if there is none.
pub(super) fn read_file(
    descriptor: c_int,
    buffer: &mut [u8],
    offset: Option<off_t>,
) -> Result<usize, Errno> {
    on_file(descriptor, libc::ESPIPE, |disk, file, now| match offset {
        Some(offset) => disk.pread(file, buffer, offset, now),
        None => disk.read(file, buffer, now),
    })
}

/// Writes at `offset`, or at the position if there is none.
pub(super) fn write_file(
    descriptor: c_int,
    bytes: &[u8],
    offset: Option<off_t>,
) -> Result<usize, Errno> {
    on_file(descriptor, libc::ESPIPE, |disk, file, now| match offset {
        Some(offset) => disk.pwrite(file, bytes, offset, now),
        None => disk.write(file, bytes, now),
    })
}

/// Reads into parts.
///
/// # Safety
/// The parts are writable.
pub(super) unsafe fn read_parts(
    descriptor: c_int,
    parts: *const iovec,
    count: usize,
    offset: Option<off_t>,
) -> isize {
    // SAFETY: the caller's promise.
    let mut buffer = vec![0; unsafe { room(parts, count) }];
    let length = read_file(descriptor, &mut buffer, offset);
    if let Ok(length) = length {
        // SAFETY: the caller's promise.
        unsafe { scatter(parts, count, &buffer[..length]) };
    }
    answer(length)
}

/// Writes parts.
///
/// # Safety
/// The parts are readable.
pub(super) unsafe fn write_parts(
    descriptor: c_int,
    parts: *const iovec,
    count: usize,
    offset: Option<off_t>,
) -> isize {
    // SAFETY: the caller's promise.
    let bytes = unsafe { gather(parts, count) };
    answer(write_file(descriptor, &bytes, offset))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pread(
    descriptor: c_int,
    buffer: *mut c_void,
    count: usize,
    offset: off_t,
) -> isize {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, buffer as usize, count, offset as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_pread64, arguments) };
    }
    // SAFETY: the caller lends these bytes.
    let buffer = unsafe { lent_mut(buffer, count) };
    answer(read_file(descriptor, buffer, Some(offset)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pread64(
    descriptor: c_int,
    buffer: *mut c_void,
    count: usize,
    offset: off_t,
) -> isize {
    // SAFETY: the caller's promise.
    unsafe { pread(descriptor, buffer, count, offset) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(
    descriptor: c_int,
    buffer: *const c_void,
    count: usize,
    offset: off_t,
) -> isize {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, buffer as usize, count, offset as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_pwrite64, arguments) };
    }
    // SAFETY: the caller lends these bytes.
    let bytes = unsafe { lent(buffer, count) };
    answer(write_file(descriptor, bytes, Some(offset)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(
    descriptor: c_int,
    buffer: *const c_void,
    count: usize,
    offset: off_t,
) -> isize {
    // SAFETY: the caller's promise.
    unsafe { pwrite(descriptor, buffer, count, offset) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn preadv(
    descriptor: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
) -> isize {
    if !is_ours(descriptor) {
        // The kernel takes offsets in two halves, and the upper one only where a word is too short.
        let arguments = [
            descriptor as usize,
            parts as usize,
            count as usize,
            offset as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_preadv, padded(arguments)) };
    }
    // SAFETY: the caller's promise.
    unsafe { read_parts(descriptor, parts, count as usize, Some(offset)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn preadv64(
    descriptor: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
) -> isize {
    // SAFETY: the caller's promise.
    unsafe { preadv(descriptor, parts, count, offset) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwritev(
    descriptor: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
) -> isize {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            parts as usize,
            count as usize,
            offset as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_pwritev, padded(arguments)) };
    }
    // SAFETY: the caller's promise.
    unsafe { write_parts(descriptor, parts, count as usize, Some(offset)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwritev64(
    descriptor: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
) -> isize {
    // SAFETY: the caller's promise.
    unsafe { pwritev(descriptor, parts, count, offset) }
}

/// A call with flags: they ask not to wait, which nobody knows of a simulated disk.
pub(super) fn refuses_flags(flags: c_int) -> Result<(), Errno> {
    match flags {
        0 => Ok(()),
        libc::RWF_NOWAIT => Err(Errno(libc::EAGAIN)),
        _ => Err(Errno(libc::EOPNOTSUPP)),
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn preadv2(
    descriptor: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
    flags: c_int,
) -> isize {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            parts as usize,
            count as usize,
            offset as usize,
            0,
            flags as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_preadv2, arguments) };
    }
    if let Err(error) = refuses_flags(flags) {
        return answer(Err::<isize, _>(error));
    }
    let offset = (offset != -1).then_some(offset);
    // SAFETY: the caller's promise.
    unsafe { read_parts(descriptor, parts, count as usize, offset) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn preadv64v2(
    descriptor: c_int,
    parts: *const iovec,
    count: c_int,
    offset: off_t,
    flags: c_int,
) -> isize {
    // SAFETY: the caller's promise.
    unsafe { preadv2(descriptor, parts, count, offset, flags) }
}
