//! Locks on files, and reserving disk space for them.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// A lock on a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileLock {
    None,
    Shared,
    Exclusive,
}

/// Sets `lock` as the lock of the open file behind `file`, without waiting.
///
/// # Errors
/// `WouldBlock` if another lock conflicts.
#[inline]
pub(crate) fn set_file_lock(file: BorrowedFd<'_>, lock: FileLock) -> io::Result<()> {
    let operation = match lock {
        FileLock::None => libc::LOCK_UN,
        FileLock::Shared => libc::LOCK_SH | libc::LOCK_NB,
        FileLock::Exclusive => libc::LOCK_EX | libc::LOCK_NB,
    };
    // SAFETY: the call takes two numbers.
    retry_interrupted(|| unsafe { libc::flock(file.as_raw_fd(), operation) })
}

/// Reserves disk space for `len` bytes of `file` from `offset` on.
#[cfg(target_os = "linux")]
#[inline]
pub(crate) fn allocate_file(file: BorrowedFd<'_>, offset: u64, len: u64) -> io::Result<()> {
    let too_far = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let offset = i64::try_from(offset).map_err(too_far)?;
    let len = i64::try_from(len).map_err(too_far)?;
    // SAFETY: the call takes numbers.
    retry_interrupted(|| unsafe { libc::fallocate64(file.as_raw_fd(), 0, offset, len) })
}

/// Reserves disk space; there is no such call here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn allocate_file(_file: BorrowedFd<'_>, _offset: u64, _len: u64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes a system call again as long as a signal interrupts it.
#[inline]
pub(super) fn retry_interrupted(mut call: impl FnMut() -> libc::c_int) -> io::Result<()> {
    while call() < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}
