//! Apple's systems tell the process by an option of its own.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsFd;

use super::ids::peer_ids;
use super::option::{Numbers, SOL_LOCAL, option};
use super::peer::Peer;

// SAFETY: a number.
unsafe impl Numbers for libc::pid_t {}

/// Who is at the other end of `socket`.
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let (uid, gid) = peer_ids(socket)?;
    let pid = option(socket, SOL_LOCAL, libc::LOCAL_PEERPID)?;
    Ok(Peer::with_process(uid, gid, pid))
}
