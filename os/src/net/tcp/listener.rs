//! A socket that TCP connections come in by.

use std::io;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll};

use super::stream::TcpStream;
use crate::driver::Direction;
use crate::io::Interest;
use crate::net::addr::{ToSocketAddrs, each_addr};
use crate::source::Evented;

/// A socket that accepts TCP connections.
///
/// # Example
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let (stream, peer) = listener.accept().await?;
/// println!("{peer} came in");
/// # drop(stream);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct TcpListener {
    pub(in crate::net) io: Evented<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens at the first of `addr`'s addresses that is free; port 0 lets the system choose.
    ///
    /// The address may be reused at once after a restart (`SO_REUSEADDR`, except on Windows); see
    /// [`TcpSocket`](super::socket::TcpSocket) for other options.
    ///
    /// # Errors
    /// What the last address failed with, or the look-up.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        let lookup = addr.resolve();
        drop(addr);
        each_addr(lookup.await?, |addr| {
            Self::from_mio(mio::net::TcpListener::bind(addr)?)
        })
    }

    #[track_caller]
    pub(in crate::net) fn from_mio(listener: mio::net::TcpListener) -> io::Result<TcpListener> {
        Ok(Self {
            io: Evented::with_interest(listener, Interest::READABLE)?,
        })
    }

    /// Waits for a connection.
    ///
    /// Several tasks may wait at once.
    ///
    /// # Errors
    /// What the system says; being out of descriptors, for one, which passes.
    ///
    /// # Cancel safety
    /// No connection is lost when the future is dropped.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = || self.io.accept();
        let (stream, addr) = self.io.call(Interest::READABLE, accept).await?;
        Ok((TcpStream::from_mio(stream)?, addr))
    }

    /// Waits for a connection, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// As for [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = self
            .io
            .registration()
            .poll_io(cx, Direction::Read, || self.io.accept());
        accepted.map(|outcome| {
            let (stream, addr) = outcome?;
            Ok((TcpStream::from_mio(stream)?, addr))
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
    pub fn from_std(listener: net::TcpListener) -> io::Result<TcpListener> {
        crate::sys::assert_nonblocking(&listener);
        Self::from_mio(mio::net::TcpListener::from_std(listener))
    }

    /// Gives the listener to std, still in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not let go of it.
    pub fn into_std(self) -> io::Result<net::TcpListener> {
        self.io.into_inner().map(net::TcpListener::from)
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// Hops that a packet may take (`IP_TTL`).
    ///
    /// # Errors
    /// What the system says.
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.ttl()
    }

    /// Sets the hops that a packet may take (`IP_TTL`).
    ///
    /// # Errors
    /// What the system says.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.set_ttl(ttl)
    }
}

impl TryFrom<net::TcpListener> for TcpListener {
    type Error = io::Error;

    fn try_from(listener: net::TcpListener) -> io::Result<Self> {
        Self::from_std(listener)
    }
}
