//! What differs between operating systems, and nothing else.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(all(unix, feature = "reactor"))]
pub(crate) use unix::{EDGE_TRIGGERED, PRIORITY_INTEREST};
#[cfg(all(windows, feature = "reactor"))]
pub(crate) use windows::{EDGE_TRIGGERED, PRIORITY_INTEREST};

#[cfg(all(unix, feature = "net"))]
pub(crate) use unix::{
    AccessMode, access_mode, assert_nonblocking, is_in_progress, peer_credentials, read,
    set_nonblocking,
};
#[cfg(all(windows, feature = "net"))]
pub(crate) use windows::{assert_nonblocking, is_in_progress};

#[cfg(not(any(unix, windows)))]
compile_error!("selkie runs on unix and windows; use selkie-core where there is no such system");
