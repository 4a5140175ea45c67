//! Systems that tell the user and the group, and not the process.

use std::io;
use std::os::fd::AsFd;

use super::ids::peer_ids;
use super::peer::Peer;

/// Who is at the other end of `socket`.
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let (uid, gid) = peer_ids(socket)?;
    let pid = None;
    Ok(Peer { uid, gid, pid })
}
