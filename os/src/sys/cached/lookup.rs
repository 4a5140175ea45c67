//! What a path leads to.
//!
//! Invariants  I1 no inode is asked, and nothing opened to be read, on a device not known to be local.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use super::devices::{Reads, is_local};
use super::inode::{Inode, inode};
use super::kernel::checked;
use super::name::{self, Refusal};
use super::root;

/// How a file is opened in place. Should it be none, or somebody hold a lease on it, opening does not
/// wait: it is in non-blocking mode for that, which regular files do not heed.
const TO_READ: libc::c_int = libc::O_RDONLY | libc::O_LARGEFILE | libc::O_NONBLOCK;

/// What a path leads to.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// To this, on a local file system.
    Found(Found),
    /// To nothing.
    Missing,
    /// To a device of which nothing is known; [`learn`](super::learn) on the pool.
    Stranger(OwnedFd),
    /// That is not at hand.
    Unknown,
}

/// Something on a local file system.
#[derive(Debug)]
pub(crate) struct Found {
    /// Serves to ask about it, not to read it.
    pub(crate) fd: OwnedFd,
    inode: Option<Inode>,
}

impl Found {
    /// What is known of it.
    pub(crate) fn inode(&self) -> Option<Inode> {
        self.inode.or_else(|| inode(self.fd.as_fd()).ok())
    }
}

/// Looks `path` up, following a link at its end or not.
pub(crate) fn look_up(path: &Path, follow: bool) -> Lookup {
    let links = if follow { 0 } else { libc::O_NOFOLLOW };
    let flags = libc::O_PATH | links;
    let on_root = root::open(path, flags).map(|fd| Found { fd, inode: None });
    let opened = match on_root {
        Ok(found) => return Lookup::Found(found),
        Err(Refusal::NotAtHand) => name::open(path, flags, 0),
        Err(refusal) => Err(refusal),
    };
    let fd = match opened {
        Ok(fd) => fd,
        Err(Refusal::Missing) => return Lookup::Missing,
        Err(Refusal::NotAtHand | Refusal::Unknown) => return Lookup::Unknown,
    };
    let Ok(inode) = inode(fd.as_fd()) else {
        return Lookup::Unknown;
    };
    match is_local(inode.device) {
        Some(true) => {
            root::found(path, inode.device);
            let inode = Some(inode);
            Lookup::Found(Found { fd, inode })
        }
        Some(false) => Lookup::Unknown,
        None => Lookup::Stranger(fd),
    }
}

/// What a path leads to on the root's file system.
#[derive(Debug)]
pub(crate) enum OnRoot {
    /// To this, open to be read in non-blocking mode.
    Opened(OwnedFd, Inode),
    /// To nothing.
    Missing,
    /// It leads elsewhere, or that is not at hand: it is to be looked up.
    NotAtHand,
    /// It is for the pool.
    Unknown,
}

/// Opens what is at `path` to be read, if that is on the root's file system.
pub(crate) fn open_on_root(path: &Path) -> OnRoot {
    if !root::is_read() {
        return OnRoot::Unknown;
    }
    match root::open(path, TO_READ) {
        Ok(fd) => match inode(fd.as_fd()) {
            Ok(inode) => {
                if inode.is_regular && inode.reads() == Reads::Never {
                    root::refuses();
                }
                OnRoot::Opened(fd, inode)
            }
            Err(_) => OnRoot::Unknown,
        },
        Err(Refusal::Missing) => OnRoot::Missing,
        Err(Refusal::NotAtHand) => OnRoot::NotAtHand,
        Err(Refusal::Unknown) => OnRoot::Unknown,
    }
}

/// Opens the regular file at `path`, which [`look_up`] has just found, to be read.
pub(crate) fn open_found(path: &Path) -> Option<OwnedFd> {
    name::open(path, TO_READ, 0).ok()
}

/// Puts what was opened here into blocking mode, as it would be had it been opened otherwise.
pub(crate) fn make_blocking(file: BorrowedFd<'_>) -> io::Result<()> {
    let flags = TO_READ & !libc::O_NONBLOCK;
    // SAFETY: F_SETFL on an open descriptor has no other preconditions.
    checked(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, flags) }.into()).map(drop)
}
