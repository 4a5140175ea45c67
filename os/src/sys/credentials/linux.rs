//! Linux and Android tell all three.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsFd;

use super::option::{Numbers, option};
use super::peer::Peer;

// SAFETY: three numbers.
unsafe impl Numbers for libc::ucred {}

/// Who is at the other end of `socket`.
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let peer: libc::ucred = option(socket, libc::SOL_SOCKET, libc::SO_PEERCRED)?;
    Ok(Peer {
        uid: peer.uid,
        gid: peer.gid,
        // Zero for a process that this one cannot see: it is of another namespace.
        pid: Some(peer.pid),
    })
}
