//! A socket that accepts Unix connections.

use std::io;
use std::os::unix::net;
use std::path::Path;

use super::socket_addr::SocketAddr;
use super::stream::UnixStream;
use crate::async_io::Interest;
use crate::net::methods::std_conversions;
use crate::net::streams::accept_methods;
use crate::source::Evented;
use crate::sys::unix_address;

/// A socket that accepts connections through a path, or an abstract name.
///
/// The path is not removed when this drops.
#[derive(Debug)]
pub struct UnixListener {
    pub(in crate::net) io: Evented<mio::net::UnixListener>,
}

impl UnixListener {
    /// Listens at `path`, which must be free; one that begins with a zero byte is an abstract
    /// name.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixListener>
    where
        P: AsRef<Path>,
    {
        let addr = unix_address(path.as_ref())?;
        Self::from_mio(mio::net::UnixListener::bind_addr(&addr)?)
    }

    /// Listens at the address `socket_addr`.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        Self::from_mio(mio::net::UnixListener::bind_addr(&socket_addr.0)?)
    }

    #[track_caller]
    pub(super) fn from_mio(listener: mio::net::UnixListener) -> io::Result<UnixListener> {
        Ok(Self {
            io: Evented::with_interest(listener, Interest::READABLE)?,
        })
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// What the system reports.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The pending error of the socket, which this clears.
    ///
    /// # Errors
    /// What the system reports about the call.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    accept_methods!(UnixStream, SocketAddr);
}

std_conversions!(
    UnixListener,
    net::UnixListener,
    mio::net::UnixListener,
    "a listener",
    Stream,
    Interest::READABLE
);
