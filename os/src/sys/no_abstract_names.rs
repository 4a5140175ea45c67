//! Names of Unix sockets: they are all files here.

use std::io;
use std::os::unix::net::SocketAddr;
use std::path::Path;

/// The address that `path` stands for.
pub(crate) fn unix_address(path: &Path) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(path)
}

/// The abstract name that `addr` is: there are none.
pub(crate) fn abstract_name(_addr: &SocketAddr) -> Option<&[u8]> {
    None
}
