//! FreeBSD tells all three, the process from version 13 on.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsFd;

use super::option::{Numbers, SOL_LOCAL, option};
use super::peer::Peer;

// SAFETY: numbers, and a union of a number and an address, of which any bytes make a value.
unsafe impl Numbers for libc::xucred {}

/// Who is at the other end of `socket`.
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let peer: libc::xucred = option(socket, SOL_LOCAL, libc::LOCAL_PEERCRED)?;
    if peer.cr_version != libc::XUCRED_VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // SAFETY: any bytes make a number. Before version 13 they are zero.
    let pid = unsafe { peer.cr_pid__c_anonymous_union.cr_pid };
    // The first group is the effective one.
    Ok(Peer::with_process(peer.cr_uid, peer.cr_groups[0], pid))
}
