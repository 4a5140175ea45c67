//! Systems whose C library tells user and group. Apple's tell the process too, by an option of the socket.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use super::peer::Peer;
#[cfg(target_vendor = "apple")]
use super::socket_option::{Numbers, SOL_LOCAL, option};

/// Who is at the other end of `socket`.
#[inline]
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: both are live numbers of the system's types.
    if unsafe { libc::getpeereid(socket.as_fd().as_raw_fd(), &mut uid, &mut gid) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let pid = peer_process(socket)?;
    Ok(Peer::with_process(uid, gid, pid))
}

// SAFETY: a number.
#[cfg(target_vendor = "apple")]
unsafe impl Numbers for libc::pid_t {}

/// The process at the other end of `socket`.
#[cfg(target_vendor = "apple")]
#[inline]
fn peer_process(socket: &impl AsFd) -> io::Result<libc::pid_t> {
    option(socket, SOL_LOCAL, libc::LOCAL_PEERPID)
}

/// Zero: the system does not tell the process.
#[cfg(not(target_vendor = "apple"))]
#[inline]
fn peer_process(_socket: &impl AsFd) -> io::Result<libc::pid_t> {
    Ok(0)
}
