//! What Linux alone has.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

/// A descriptor that becomes readable when the process `pid`, a child, ends.
///
/// It is closed on exec. Kernels before 5.3 have none, and filters may refuse it; where `waitid` does
/// not know what it is, as in kernels before 5.4 and some that only look like Linux, its word on a
/// child's end is not trusted either, and there is none. Only that is remembered: what fails for want of memory or
/// descriptors, or since somebody else has waited for this child, says nothing about the next.
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

/// Whether `waitid` takes the child's descriptor; the child stays as it is.
///
/// # Errors
/// What says nothing about that.
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
        // It knows no such thing, or there is no such call for us.
        Some(libc::EINVAL | libc::ENOSYS | libc::EPERM | libc::EACCES) => Ok(false),
        _ => Err(error),
    }
}
