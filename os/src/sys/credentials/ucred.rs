//! Solaris and illumos tell user, group and process, in an object that the system allocates.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr;

use super::peer::Peer;

/// Credentials that the system has allocated, freed when they drop.
struct Credentials(*mut libc::ucred_t);

impl Drop for Credentials {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the system made it, and nobody else has it.
        unsafe { libc::ucred_free(self.0) };
    }
}

/// Who is at the other end of `socket`.
#[inline]
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let mut made = ptr::null_mut();
    // SAFETY: the system writes one address.
    if unsafe { libc::getpeerucred(socket.as_fd().as_raw_fd(), &mut made) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let credentials = Credentials(made);
    // SAFETY: `credentials` lives.
    let uid = unsafe { libc::ucred_geteuid(credentials.0) };
    // SAFETY: `credentials` lives.
    let gid = unsafe { libc::ucred_getegid(credentials.0) };
    // SAFETY: `credentials` lives.
    let pid = unsafe { libc::ucred_getpid(credentials.0) };
    Ok(Peer::with_process(uid, gid, pid))
}
