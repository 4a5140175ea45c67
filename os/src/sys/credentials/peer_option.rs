//! Systems that tell user, group and process at once, in a structure that is an option of the socket.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsFd;

use super::peer::Peer;
#[cfg(any(target_os = "freebsd", target_os = "netbsd"))]
use super::socket_option::SOL_LOCAL;
use super::socket_option::{Numbers, option};

#[cfg(target_os = "openbsd")]
use libc::sockpeercred as Credentials;
#[cfg(any(target_os = "linux", target_os = "android"))]
use libc::ucred as Credentials;
#[cfg(target_os = "netbsd")]
use libc::unpcbid as Credentials;
#[cfg(target_os = "freebsd")]
use libc::xucred as Credentials;

/// The level of the option, and its name.
#[cfg(any(target_os = "linux", target_os = "android", target_os = "openbsd"))]
const OPTION: (i32, i32) = (libc::SOL_SOCKET, libc::SO_PEERCRED);
#[cfg(target_os = "freebsd")]
const OPTION: (i32, i32) = (SOL_LOCAL, libc::LOCAL_PEERCRED);
#[cfg(target_os = "netbsd")]
const OPTION: (i32, i32) = (SOL_LOCAL, libc::LOCAL_PEEREID);

// SAFETY: numbers; FreeBSD's has a union of a number and an address too, of which any bytes make a value.
unsafe impl Numbers for Credentials {}

/// Who is at the other end of `socket`.
#[inline]
pub(crate) fn peer_credentials(socket: &impl AsFd) -> io::Result<Peer> {
    let (level, name) = OPTION;
    peer(&option(socket, level, name)?)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
fn peer(credentials: &Credentials) -> io::Result<Peer> {
    Ok(Peer {
        uid: credentials.uid,
        gid: credentials.gid,
        // Zero for a process that this one cannot see: it is of another namespace.
        pid: Some(credentials.pid),
    })
}

#[cfg(target_os = "freebsd")]
#[inline]
fn peer(credentials: &Credentials) -> io::Result<Peer> {
    if credentials.cr_version != libc::XUCRED_VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // SAFETY: any bytes make a number. Before version 13 they are zero.
    let pid = unsafe { credentials.cr_pid__c_anonymous_union.cr_pid };
    // The first group is the effective one.
    let gid = credentials.cr_groups[0];
    Ok(Peer::with_process(credentials.cr_uid, gid, pid))
}

#[cfg(target_os = "netbsd")]
#[inline]
fn peer(credentials: &Credentials) -> io::Result<Peer> {
    let (uid, gid) = (credentials.unp_euid, credentials.unp_egid);
    Ok(Peer::with_process(uid, gid, credentials.unp_pid))
}

#[cfg(target_os = "openbsd")]
#[inline]
fn peer(credentials: &Credentials) -> io::Result<Peer> {
    let (uid, gid) = (credentials.uid, credentials.gid);
    Ok(Peer::with_process(uid, gid, credentials.pid))
}
