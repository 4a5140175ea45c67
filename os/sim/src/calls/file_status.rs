//! What `stat` and its kin say.
#![allow(unsafe_code)]

use libc::{c_char, c_int, c_uint};

use super::answer::{answer_done, padded, real};
use super::descriptors::is_ours;
use super::disk_access::{bytes_of, on_file, on_path};
use super::real_paths::is_own;
use crate::disk::{Ino, Kind, Metadata};
use crate::errno::Errno;
use crate::kernel::{FIRST_DESCRIPTOR, Object, is_simulated, read};

const SECOND: u64 = 1_000_000_000;

/// Hosts whose devices have numbers of their own.
const HOSTS: u64 = 1 << 12;

/// The number of the running host's device. It is another one after each start: libraries in C remember in statics, which outlive a
/// crash here, what they have locked on which device.
fn device() -> u64 {
    read(|state| {
        let host = state.host();
        let starts = state.hosts[host.0].starts as u64;
        (host.0 as u64 + 1) % HOSTS + starts * HOSTS
    })
}

/// What a descriptor stands for, if it is no file.
fn status_of_other(descriptor: c_int) -> Result<Metadata, Errno> {
    read(|state| {
        let id = state.descriptors.get(descriptor)?;
        let mode = match state.objects.get(id).object {
            Object::Counter { .. } | Object::Poller(_) => 0o600,
            Object::Entropy => libc::S_IFCHR | 0o666,
            _ => libc::S_IFSOCK | 0o777,
        };
        Ok(Metadata {
            ino: Ino(id.0),
            kind: Kind::Special,
            mode,
            links: 1,
            uid: 0,
            gid: 0,
            size: 0,
            blocks: 0,
            block_size: 4096,
            accessed: 0,
            modified: 0,
            changed: 0,
            created: 0,
        })
    })
}

pub(super) fn status_of_descriptor(descriptor: c_int) -> Result<Metadata, Errno> {
    const OTHER: c_int = libc::EMEDIUMTYPE;
    match on_file(descriptor, OTHER, |disk, file, _| disk.stat_file(file)) {
        Err(Errno(OTHER)) => status_of_other(descriptor),
        found => found,
    }
}

/// What is at a path; of a descriptor if the path is empty and the flags say so.
fn status_at(directory: c_int, path: &[u8], flags: c_int) -> Result<Metadata, Errno> {
    if path.is_empty() && flags & libc::AT_EMPTY_PATH != 0 && directory != libc::AT_FDCWD {
        return status_of_descriptor(directory);
    }
    let is_followed = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    on_path(directory, path, |disk, start, _| {
        disk.stat(start, path, is_followed)
    })
}

/// Whether the simulated kernel answers: not for files that the real one has opened.
fn is_simulated_at(directory: c_int, path: &[u8]) -> bool {
    let is_real = path.is_empty() && (0..FIRST_DESCRIPTOR).contains(&directory);
    is_simulated() && !is_real && !is_own(path)
}

/// Writes what was found as a C structure.
///
/// # Safety
/// The pointer is one to room for it.
unsafe fn write_status(found: Result<Metadata, Errno>, out: *mut libc::stat64) -> c_int {
    answer_done(found.map(|found| {
        // SAFETY: all zero is a structure of numbers.
        let mut status: libc::stat64 = unsafe { std::mem::zeroed() };
        status.st_dev = device();
        status.st_ino = found.ino.0;
        status.st_mode = found.mode;
        status.st_nlink = found.links as _;
        status.st_uid = found.uid;
        status.st_gid = found.gid;
        status.st_size = found.size as i64;
        status.st_blksize = found.block_size as _;
        status.st_blocks = found.blocks as i64;
        status.st_atime = (found.accessed / SECOND) as i64;
        status.st_atime_nsec = (found.accessed % SECOND) as i64;
        status.st_mtime = (found.modified / SECOND) as i64;
        status.st_mtime_nsec = (found.modified % SECOND) as i64;
        status.st_ctime = (found.changed / SECOND) as i64;
        status.st_ctime_nsec = (found.changed % SECOND) as i64;
        // SAFETY: the caller's promise.
        unsafe { out.write(status) };
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fstatat(
    directory: c_int,
    path: *const c_char,
    out: *mut libc::stat64,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes_of(path) };
    if !is_simulated_at(directory, bytes) {
        let arguments = [
            directory as usize,
            path as usize,
            out as usize,
            flags as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_newfstatat, padded(arguments)) } as c_int;
    }
    // SAFETY: the caller's promise.
    unsafe { write_status(status_at(directory, bytes, flags), out) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fstatat64(
    directory: c_int,
    path: *const c_char,
    out: *mut libc::stat64,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fstatat(directory, path, out, flags) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn stat(path: *const c_char, out: *mut libc::stat64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fstatat(libc::AT_FDCWD, path, out, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn stat64(path: *const c_char, out: *mut libc::stat64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fstatat(libc::AT_FDCWD, path, out, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn lstat(path: *const c_char, out: *mut libc::stat64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fstatat(libc::AT_FDCWD, path, out, libc::AT_SYMLINK_NOFOLLOW) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn lstat64(path: *const c_char, out: *mut libc::stat64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fstatat(libc::AT_FDCWD, path, out, libc::AT_SYMLINK_NOFOLLOW) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fstat(descriptor: c_int, out: *mut libc::stat64) -> c_int {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, out as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_fstat, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    unsafe { write_status(status_of_descriptor(descriptor), out) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fstat64(descriptor: c_int, out: *mut libc::stat64) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fstat(descriptor, out) }
}

fn extended(found: &Metadata) -> libc::statx {
    // SAFETY: all zero is a structure of numbers.
    let mut status: libc::statx = unsafe { std::mem::zeroed() };
    status.stx_mask = libc::STATX_BASIC_STATS | libc::STATX_BTIME;
    status.stx_blksize = found.block_size;
    status.stx_nlink = found.links;
    status.stx_uid = found.uid;
    status.stx_gid = found.gid;
    status.stx_mode = found.mode as u16;
    status.stx_ino = found.ino.0;
    status.stx_size = found.size;
    status.stx_blocks = found.blocks;
    status.stx_dev_minor = device() as u32;
    for (stamp, time) in [
        (&mut status.stx_atime, found.accessed),
        (&mut status.stx_mtime, found.modified),
        (&mut status.stx_ctime, found.changed),
        (&mut status.stx_btime, found.created),
    ] {
        stamp.tv_sec = (time / SECOND) as i64;
        stamp.tv_nsec = (time % SECOND) as u32;
    }
    status
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn statx(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    mask: c_uint,
    out: *mut libc::statx,
) -> c_int {
    // SAFETY: the caller's promise.
    let bytes = unsafe { bytes_of(path) };
    if !is_simulated_at(directory, bytes) {
        let arguments = [
            directory as usize,
            path as usize,
            flags as usize,
            mask as usize,
            out as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_statx, padded(arguments)) } as c_int;
    }
    // The standard library asks with nothing to write to whether there is such a call.
    if path.is_null() || out.is_null() {
        return answer_done(Err(Errno(libc::EFAULT)));
    }
    answer_done(status_at(directory, bytes, flags).map(|found| {
        // SAFETY: the caller's promise.
        unsafe { out.write(extended(&found)) };
    }))
}
