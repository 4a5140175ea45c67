//! What kind of file system there is: a disk whose calls may wait, as ext4 is one.
#![allow(unsafe_code)]

use libc::{c_char, c_int};

use super::answer::{answer_done, padded, real};
use super::descriptors::is_ours;
use super::disk_access::{bytes_of, on_path};
use crate::errno::Errno;
use crate::kernel::{is_simulated, read};

/// The number of ext4. Runtimes that answer in place where a file system is in memory use their pools, as on a real disk.
const KIND: i64 = 0xEF53;
const BLOCK: u64 = 4096;

/// # Safety
/// The pointer is one to room for the structure.
unsafe fn write_space((used, capacity): (u64, u64), out: *mut libc::statfs64) {
    // SAFETY: all zero is a structure of numbers.
    let mut found: libc::statfs64 = unsafe { std::mem::zeroed() };
    found.f_type = KIND as _;
    found.f_bsize = BLOCK as _;
    found.f_frsize = BLOCK as _;
    found.f_namelen = 255;
    found.f_blocks = capacity / BLOCK;
    found.f_bfree = capacity.saturating_sub(used) / BLOCK;
    found.f_bavail = found.f_bfree;
    found.f_files = 1 << 32;
    found.f_ffree = 1 << 32;
    // SAFETY: the caller's promise.
    unsafe { out.write(found) };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fstatfs(descriptor: c_int, out: *mut libc::statfs64) -> c_int {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, out as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_fstatfs, arguments) } as c_int;
    }
    let usage = read(|state| {
        let (host, _) = state.file(descriptor, libc::ENOSYS)?;
        Ok::<_, Errno>(state.hosts[host.0].disk.usage())
    });
    // SAFETY: the caller's promise.
    answer_done(usage.map(|usage| unsafe { write_space(usage, out) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fstatfs64(descriptor: c_int, out: *mut libc::statfs64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fstatfs(descriptor, out) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn statfs(path: *const c_char, out: *mut libc::statfs64) -> c_int {
    if !is_simulated() {
        let arguments = padded([path as usize, out as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_statfs, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    let usage = on_path(libc::AT_FDCWD, path, |disk, start, _| {
        disk.stat(start, path, true).map(|_| disk.usage())
    });
    // SAFETY: the caller's promise.
    answer_done(usage.map(|usage| unsafe { write_space(usage, out) }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn statfs64(path: *const c_char, out: *mut libc::statfs64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { statfs(path, out) }
}
