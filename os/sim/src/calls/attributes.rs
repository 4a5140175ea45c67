//! Permissions, owners and stamps of files. They are kept, and nobody is refused because of them.
#![allow(unsafe_code)]

use libc::{c_char, c_int, gid_t, mode_t, timespec, uid_t};

use super::answer::{answer_done, padded, real};
use super::clock::from_timespec;
use super::descriptors::is_ours;
use super::disk_access::{bytes_of, on_file, on_path};
use crate::disk::{Kind, StampChange};
use crate::errno::Errno;
use crate::kernel::is_simulated;

#[unsafe(no_mangle)]
unsafe extern "C" fn faccessat(
    directory: c_int,
    path: *const c_char,
    mode: c_int,
    flags: c_int,
) -> c_int {
    if !is_simulated() {
        let arguments = padded([
            directory as usize,
            path as usize,
            mode as usize,
            flags as usize,
        ]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_faccessat, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    let is_followed = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    let found = on_path(directory, path, |disk, start, _| {
        disk.stat(start, path, is_followed)
    });
    answer_done(found.and_then(|found| {
        let runs = found.kind == Kind::Directory || found.mode & 0o111 != 0;
        if mode & libc::X_OK != 0 && !runs {
            return Err(Errno(libc::EACCES));
        }
        Ok(())
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn access(path: *const c_char, mode: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { faccessat(libc::AT_FDCWD, path, mode, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fchmodat(
    directory: c_int,
    path: *const c_char,
    mode: mode_t,
    flags: c_int,
) -> c_int {
    if !is_simulated() {
        if flags != 0 {
            return answer_done(Err(Errno(libc::EOPNOTSUPP)));
        }
        let arguments = padded([directory as usize, path as usize, mode as usize]);
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_fchmodat, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    let is_followed = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    answer_done(on_path(directory, path, |disk, start, now| {
        disk.chmod(start, path, is_followed, mode, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn chmod(path: *const c_char, mode: mode_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fchmodat(libc::AT_FDCWD, path, mode, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fchmod(descriptor: c_int, mode: mode_t) -> c_int {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, mode as usize]);
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_fchmod, arguments) } as c_int;
    }
    answer_done(on_file(descriptor, libc::EINVAL, |disk, file, now| {
        disk.chmod_file(file, mode, now)
    }))
}

/// Owner and group of a call; all ones leaves one as it is.
fn owner(uid: uid_t, gid: gid_t) -> (Option<u32>, Option<u32>) {
    let given = |id: u32| (id != u32::MAX).then_some(id);
    (given(uid), given(gid))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fchownat(
    directory: c_int,
    path: *const c_char,
    uid: uid_t,
    gid: gid_t,
    flags: c_int,
) -> c_int {
    if !is_simulated() {
        let arguments = [
            directory as usize,
            path as usize,
            uid as usize,
            gid as usize,
            flags as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_fchownat, padded(arguments)) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    let is_followed = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    answer_done(on_path(directory, path, |disk, start, now| {
        disk.chown(start, path, is_followed, owner(uid, gid), now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn chown(path: *const c_char, uid: uid_t, gid: gid_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fchownat(libc::AT_FDCWD, path, uid, gid, 0) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn lchown(path: *const c_char, uid: uid_t, gid: gid_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { fchownat(libc::AT_FDCWD, path, uid, gid, libc::AT_SYMLINK_NOFOLLOW) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fchown(descriptor: c_int, uid: uid_t, gid: gid_t) -> c_int {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, uid as usize, gid as usize]);
        // SAFETY: the call touches no memory.
        return unsafe { real(libc::SYS_fchown, arguments) } as c_int;
    }
    answer_done(on_file(descriptor, libc::EINVAL, |disk, file, now| {
        disk.chown_file(file, owner(uid, gid), now)
    }))
}

/// The stamps of a call; none of them is the present time.
///
/// # Safety
/// The pointer is null or one to two times.
unsafe fn stamps(times: *const timespec) -> (StampChange, StampChange) {
    // SAFETY: the caller's promise.
    let Some(&[accessed, modified]) = (unsafe { times.cast::<[timespec; 2]>().as_ref() }) else {
        return (StampChange::Now, StampChange::Now);
    };
    let change = |time: timespec| match time.tv_nsec {
        libc::UTIME_NOW => StampChange::Now,
        libc::UTIME_OMIT => StampChange::Omit,
        _ => StampChange::At(from_timespec(&time)),
    };
    (change(accessed), change(modified))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn utimensat(
    directory: c_int,
    path: *const c_char,
    times: *const timespec,
    flags: c_int,
) -> c_int {
    if !is_simulated() {
        let arguments = [
            directory as usize,
            path as usize,
            times as usize,
            flags as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_utimensat, padded(arguments)) } as c_int;
    }
    // SAFETY: the caller's promise.
    let path = unsafe { bytes_of(path) };
    // SAFETY: as above.
    let stamps = unsafe { stamps(times) };
    let is_followed = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
    answer_done(on_path(directory, path, |disk, start, now| {
        disk.set_times(start, path, is_followed, stamps, now)
    }))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn futimens(descriptor: c_int, times: *const timespec) -> c_int {
    if !is_ours(descriptor) {
        let arguments = padded([descriptor as usize, 0, times as usize, 0]);
        // SAFETY: the caller's promise; no path means the descriptor itself.
        return unsafe { real(libc::SYS_utimensat, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let stamps = unsafe { stamps(times) };
    answer_done(on_file(descriptor, libc::EINVAL, |disk, file, now| {
        disk.set_times_file(file, stamps, now)
    }))
}
