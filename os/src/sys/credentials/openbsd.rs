//! OpenBSD tells all three.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsFd;

use super::option::{Numbers, option};
use super::peer::Peer;

// SAFETY: three numbers.
unsafe impl Numbers for libc::sockpeercred {}

/// Who is at the other end of `socket`.
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let peer: libc::sockpeercred = option(socket, libc::SOL_SOCKET, libc::SO_PEERCRED)?;
    Ok(Peer::with_process(peer.uid, peer.gid, peer.pid))
}
