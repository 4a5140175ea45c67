//! Abstract names of Unix sockets, which are not files: Linux and Android have them.

use std::io;
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;

/// The address that `path` stands for: one that begins with a zero byte is an abstract name.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(crate) fn unix_address(path: &Path) -> io::Result<SocketAddr> {
    match path.as_os_str().as_bytes() {
        [0, name @ ..] => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(path),
    }
}

/// The address that `path` stands for, on a system without abstract names.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[inline]
pub(crate) fn unix_address(path: &Path) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(path)
}

/// The abstract name that `addr` is, if it is one.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[inline]
pub(crate) fn abstract_name(addr: &SocketAddr) -> Option<&[u8]> {
    addr.as_abstract_name()
}

/// The abstract name that `addr` is, on a system without abstract names.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
#[inline]
pub(crate) fn abstract_name(_addr: &SocketAddr) -> Option<&[u8]> {
    None
}
