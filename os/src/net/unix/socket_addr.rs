//! The address of a Unix socket.

use std::fmt;
use std::os::unix::net;
use std::path::Path;

/// The address of a Unix socket: a path, an abstract name, or nothing.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::net::UnixStream;
///
/// // Ends that were made as a pair have no path.
/// let (one, _two) = UnixStream::pair()?;
/// let address = one.local_addr()?;
/// assert!(address.is_unnamed() && address.as_pathname().is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SocketAddr(pub(in crate::net) net::SocketAddr);

impl SocketAddr {
    /// Whether the socket has no address.
    #[inline]
    pub fn is_unnamed(&self) -> bool {
        self.0.is_unnamed()
    }

    /// The path, if the address is one.
    #[inline]
    pub fn as_pathname(&self) -> Option<&Path> {
        self.0.as_pathname()
    }

    /// The abstract name, if the address is one; there are such names on Linux and Android.
    #[inline]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        crate::sys::abstract_name(&self.0)
    }
}

impl From<net::SocketAddr> for SocketAddr {
    #[inline]
    fn from(addr: net::SocketAddr) -> Self {
        Self(addr)
    }
}

impl From<SocketAddr> for net::SocketAddr {
    #[inline]
    fn from(addr: SocketAddr) -> Self {
        addr.0
    }
}

impl fmt::Debug for SocketAddr {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
