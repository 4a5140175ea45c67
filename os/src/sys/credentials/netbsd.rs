//! NetBSD tells all three.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsFd;

use super::option::{Numbers, SOL_LOCAL, option};
use super::peer::Peer;

// SAFETY: three numbers.
unsafe impl Numbers for libc::unpcbid {}

/// Who is at the other end of `socket`.
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let peer: libc::unpcbid = option(socket, SOL_LOCAL, libc::LOCAL_PEEREID)?;
    Ok(Peer::with_process(
        peer.unp_euid,
        peer.unp_egid,
        peer.unp_pid,
    ))
}
