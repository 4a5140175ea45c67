//! The credentials of the peer of a Unix socket.

use std::io;

use super::stream::UnixStream;
use crate::sys::{Peer, peer_credentials};

/// The number of a user.
#[allow(non_camel_case_types)]
pub type uid_t = u32;
/// The number of a group.
#[allow(non_camel_case_types)]
pub type gid_t = u32;
/// The number of a process.
#[allow(non_camel_case_types)]
pub type pid_t = i32;

/// The user, the group and, where the system tells, the process at the other end, at the time of
/// its connecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UCred {
    pid: Option<pid_t>,
    uid: uid_t,
    gid: gid_t,
}

impl UCred {
    /// The user.
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The group.
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The process, where the system tells: on Linux, Android, FreeBSD from version 13 on, NetBSD, OpenBSD,
    /// Apple's systems, illumos and Solaris. `None` elsewhere.
    ///
    /// By the time that somebody looks, another process may have that number.
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}

impl UnixStream {
    /// Who is at the other end.
    ///
    /// # Errors
    /// What the system reports.
    pub fn peer_cred(&self) -> io::Result<UCred> {
        let Peer { uid, gid, pid } = peer_credentials(&*self.io)?;
        Ok(UCred { pid, uid, gid })
    }
}
