//! What was written becomes durable.
#![allow(unsafe_code)]

use libc::{c_int, c_uint, off_t};

use super::answer::{answer_done, padded, real};
use super::descriptors::is_ours;
use super::disk_access::{on_disk, on_file};
use crate::errno::Errno;
use crate::kernel::is_simulated;

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(descriptor: c_int) -> c_int {
    if !is_ours(descriptor) {
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_fsync, padded([descriptor as usize])) } as c_int;
    }
    answer_done(on_file(descriptor, libc::EINVAL, |disk, file, _| {
        disk.sync(file)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(descriptor: c_int) -> c_int {
    if !is_ours(descriptor) {
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_fdatasync, padded([descriptor as usize])) } as c_int;
    }
    answer_done(on_file(descriptor, libc::EINVAL, |disk, file, _| {
        disk.sync_data(file)
    }))
}

/// Refused: it promises nothing after a crash, and whoever needs it can sync.
#[unsafe(no_mangle)]
unsafe extern "C" fn sync_file_range(
    descriptor: c_int,
    offset: off_t,
    length: off_t,
    flags: c_uint,
) -> c_int {
    if !is_ours(descriptor) {
        let arguments = [
            descriptor as usize,
            offset as usize,
            length as usize,
            flags as usize,
        ];
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_sync_file_range, padded(arguments)) } as c_int;
    }
    answer_done(Err(Errno(libc::ENOSYS)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn syncfs(descriptor: c_int) -> c_int {
    if !is_ours(descriptor) {
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_syncfs, padded([descriptor as usize])) } as c_int;
    }
    on_disk(|disk, _| disk.sync_all());
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sync() {
    if is_simulated() {
        on_disk(|disk, _| disk.sync_all());
        return;
    }
    // SAFETY: the call touches no memory.
    unsafe { real(libc::SYS_sync, [0; 6]) };
}
