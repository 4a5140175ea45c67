//! What only Linux has.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

/// A pidfd: a descriptor that becomes readable when the process `pid`, a child, ends.
///
/// It is closed on exec. Kernels before 5.3 have none, and filters may refuse it. Where `waitid` does not know
/// pidfds, as in kernels before 5.4 and in some imitations of Linux, the readiness of one is not trusted
/// either, and this returns none. Only that is remembered: a failure for lack of memory or descriptors, or
/// because somebody else has waited for this child, says nothing about the next.
pub(crate) fn pidfd_open(pid: u32) -> io::Result<OwnedFd> {
    static IS_KNOWN: OnceLock<bool> = OnceLock::new();
    if IS_KNOWN.get() == Some(&false) {
        return Err(io::ErrorKind::Unsupported.into());
    }
    // SAFETY: the call takes two numbers.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system has just made the descriptor for us.
    let fd = unsafe { OwnedFd::from_raw_fd(fd as RawFd) };
    let is_known = match IS_KNOWN.get() {
        Some(is_known) => *is_known,
        None => {
            let is_known = is_known_to_waitid(&fd)?;
            *IS_KNOWN.get_or_init(|| is_known)
        }
    };
    is_known
        .then_some(fd)
        .ok_or_else(|| io::ErrorKind::Unsupported.into())
}

/// Whether `waitid` accepts the descriptor of the child; the child stays as it is.
///
/// # Errors
/// Those that say nothing about that.
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
