//! What only Linux has.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU8, Ordering};

/// A pidfd: a descriptor that becomes readable when the process `pid`, a child, ends.
///
/// It is closed on exec. Kernels before 5.3 have none, and filters may refuse it. Where `waitid` does not know
/// pidfds, as in kernels before 5.4 and in some imitations of Linux, the readiness of one is not trusted
/// either, and this returns none. Only that is remembered: a failure for lack of memory or descriptors, or
/// because somebody else has waited for this child, says nothing about the next.
#[inline]
pub(crate) fn pidfd_open(pid: u32) -> io::Result<OwnedFd> {
    // Relaxed, here and below: the byte is all there is, and every thread finds the same.
    static WAITID: AtomicU8 = AtomicU8::new(NOT_ASKED);
    if WAITID.load(Ordering::Relaxed) == KNOWS_NONE {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // SAFETY: the call takes two numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has just made the descriptor for us.
    let fd = unsafe { OwnedFd::from_raw_fd(fd as RawFd) };
    if WAITID.load(Ordering::Relaxed) == NOT_ASKED {
        let is_known = is_known_to_waitid(&fd)?;
        let answer = if is_known { KNOWS_PIDFDS } else { KNOWS_NONE };
        WAITID.store(answer, Ordering::Relaxed);
        if !is_known {
            return Err(io::ErrorKind::Unsupported.into());
        }
    }
    Ok(fd)
}

/// Whether `waitid` knows pidfds: not asked yet, it does, or it does not.
const NOT_ASKED: u8 = 0;
const KNOWS_PIDFDS: u8 = 1;
const KNOWS_NONE: u8 = 2;

/// Whether `waitid` accepts the descriptor of the child; the child stays as it is.
///
/// # Errors
/// Those that say nothing about that.
#[inline]
fn is_known_to_waitid(fd: &OwnedFd) -> io::Result<bool> {
    // SAFETY: zeros are a `siginfo_t`.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
    let id = fd.as_raw_fd() as libc::id_t;
    // SAFETY: the system writes at most one `siginfo_t`.
    if unsafe { libc::waitid(libc::P_PIDFD, id, &mut info, options) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // It does not know pidfds, or the call is refused.
        Some(libc::EINVAL | libc::ENOSYS | libc::EPERM | libc::EACCES) => Ok(false),
        _ => Err(error),
    }
}
