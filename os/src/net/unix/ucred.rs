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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::net::UnixStream;
///
/// let (one, two) = UnixStream::pair()?;
/// // Both ends are this process: the same user and group.
/// assert_eq!(one.peer_cred()?, two.peer_cred()?);
/// let user = one.peer_cred()?.uid();
/// assert_eq!(user, one.peer_cred()?.uid());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UCred {
    pid: Option<pid_t>,
    uid: uid_t,
    gid: gid_t,
}

impl UCred {
    /// The user.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UnixStream;
    ///
    /// let (one, _two) = UnixStream::pair()?;
    /// // SAFETY: it cannot fail.
    /// assert_eq!(one.peer_cred()?.uid(), unsafe { libc::geteuid() });
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn uid(&self) -> uid_t {
        self.uid
    }

    /// The group.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UnixStream;
    ///
    /// let (one, _two) = UnixStream::pair()?;
    /// // SAFETY: it cannot fail.
    /// assert_eq!(one.peer_cred()?.gid(), unsafe { libc::getegid() });
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn gid(&self) -> gid_t {
        self.gid
    }

    /// The process, where the system tells: on Linux, Android, FreeBSD from version 13 on, NetBSD, OpenBSD,
    /// Apple's systems, illumos and Solaris. `None` elsewhere.
    ///
    /// By the time that somebody looks, another process may have that number.
    #[inline]
    pub fn pid(&self) -> Option<pid_t> {
        self.pid
    }
}

impl UnixStream {
    /// Who is at the other end.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UnixStream;
    ///
    /// let (one, _two) = UnixStream::pair()?;
    /// // Who is at the other end, as the system knows it.
    /// let peer = one.peer_cred()?;
    /// assert_eq!(peer.pid(), Some(std::process::id() as i32));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn peer_cred(&self) -> io::Result<UCred> {
        let Peer { uid, gid, pid } = peer_credentials(&*self.io)?;
        Ok(UCred { pid, uid, gid })
    }
}
