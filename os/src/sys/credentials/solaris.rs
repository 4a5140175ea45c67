//! Solaris and illumos tell all three, in memory of their own.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use super::peer::Peer;

/// Credentials that the system made, freed when they drop.
struct Made(*mut libc::ucred_t);

impl Drop for Made {
    fn drop(&mut self) {
        // SAFETY: the system made it, and nobody else has it.
        unsafe { libc::ucred_free(self.0) };
    }
}

/// Who is at the other end of `socket`.
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let mut made = ptr::null_mut();
    // SAFETY: the system writes one address.
    if unsafe { libc::getpeerucred(socket.as_fd().as_raw_fd(), &mut made) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let made = Made(made);
    // SAFETY: `made` lives.
    let uid = unsafe { libc::ucred_geteuid(made.0) };
    // SAFETY: `made` lives.
    let gid = unsafe { libc::ucred_getegid(made.0) };
    // SAFETY: `made` lives.
    let pid = unsafe { libc::ucred_getpid(made.0) };
    Ok(Peer::with_process(uid, gid, pid))
}
