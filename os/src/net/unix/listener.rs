//! A socket that Unix connections come in by.

use std::io;
use std::os::unix::net;
use std::path::Path;
use std::task::{Context, Poll};

use super::socket_addr::SocketAddr;
use super::stream::UnixStream;
use crate::driver::Direction;
use crate::io::Interest;
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
    /// What the system says.
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
    /// What the system says.
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

    /// Takes over a listener of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled; in debug builds if the socket is in blocking mode.
    #[track_caller]
    pub fn from_std(listener: net::UnixListener) -> io::Result<UnixListener> {
        crate::sys::assert_nonblocking(&listener);
        Self::from_mio(mio::net::UnixListener::from_std(listener))
    }

    /// Gives the listener to std, still in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not let go of it.
    pub fn into_std(self) -> io::Result<net::UnixListener> {
        self.io.into_inner().map(net::UnixListener::from)
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The error that stands on the socket, which is cleared by this.
    ///
    /// # Errors
    /// What the system says about the question.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Waits for a connection.
    ///
    /// Several tasks may wait at once.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// No connection is lost when the future is dropped.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accept = || self.io.accept();
        let (stream, addr) = self.io.call(Interest::READABLE, accept).await?;
        Ok((UnixStream::from_mio(stream)?, SocketAddr(addr)))
    }

    /// Waits for a connection, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accepted = self
            .io
            .registration()
            .poll_io(cx, Direction::Read, || self.io.accept());
        accepted.map(|outcome| {
            let (stream, addr) = outcome?;
            Ok((UnixStream::from_mio(stream)?, SocketAddr(addr)))
        })
    }
}

impl TryFrom<net::UnixListener> for UnixListener {
    type Error = io::Error;

    fn try_from(listener: net::UnixListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}
