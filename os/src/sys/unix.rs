//! Linux, Android, the BSDs, macOS and their kin.
#![allow(unsafe_code)]

#[cfg(feature = "net")]
use std::io;
#[cfg(feature = "net")]
use std::os::fd::{AsFd, AsRawFd};

/// Whether the system's poller tells of changes only (epoll with `EPOLLET`, kqueue with
/// `EV_CLEAR`). Elsewhere it tells of states, and a short read says nothing about the next.
#[cfg(feature = "reactor")]
pub(crate) const EDGE_TRIGGERED: bool = cfg!(any(
    target_os = "android",
    target_os = "dragonfly",
    target_os = "freebsd",
    target_os = "illumos",
    target_os = "ios",
    target_os = "linux",
    target_os = "macos",
    target_os = "netbsd",
    target_os = "openbsd",
    target_os = "tvos",
    target_os = "visionos",
    target_os = "watchos",
));

/// How the poller is asked for out-of-band data.
#[cfg(all(feature = "reactor", any(target_os = "linux", target_os = "android")))]
pub(crate) const PRIORITY_INTEREST: mio::Interest = mio::Interest::PRIORITY;

/// How the poller is asked for out-of-band data: it has no word of its own for it here.
#[cfg(all(
    feature = "reactor",
    not(any(target_os = "linux", target_os = "android"))
))]
pub(crate) const PRIORITY_INTEREST: mio::Interest = mio::Interest::READABLE;

/// Whether `error` says that a connection was begun and is not there yet.
#[cfg(feature = "net")]
pub(crate) fn is_in_progress(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EINPROGRESS)
}

/// Panics, in debug builds, if `socket` is in blocking mode: a read would stop the whole thread.
#[cfg(feature = "net")]
#[track_caller]
pub(crate) fn assert_nonblocking(socket: &impl AsFd) {
    if cfg!(debug_assertions) {
        // SAFETY: F_GETFL on an open descriptor has no other preconditions.
        let flags = unsafe { libc::fcntl(socket.as_fd().as_raw_fd(), libc::F_GETFL) };
        assert!(
            flags == -1 || flags & libc::O_NONBLOCK != 0,
            "registering a blocking socket with the runtime: set it to non-blocking mode first"
        );
    }
}
