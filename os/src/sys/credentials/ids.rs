//! User and group, by the C library's function for them.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// The effective user and group at the other end of `socket`.
pub(super) fn peer_ids(socket: &impl AsFd) -> io::Result<(u32, u32)> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: both are live numbers of the system's types.
    if unsafe { libc::getpeereid(socket.as_fd().as_raw_fd(), &mut uid, &mut gid) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok((uid, gid))
}
