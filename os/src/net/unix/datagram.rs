//! A Unix socket for datagrams.

use std::io;
use std::net::Shutdown;
use std::os::unix::net;
use std::path::Path;
use std::task::{Context, Poll};

use socket2::SockAddr;

use super::socket_addr::SocketAddr;
use crate::async_io::{Interest, Ready};
use crate::driver::{Direction, SourceKind};
use crate::net::datagram::datagram_methods;
use crate::net::methods::{readiness_methods, std_conversions};
use crate::source::Evented;

/// A Unix socket for datagrams.
///
/// All methods take a shared reference: put the socket into an `Arc` to receive in one task and
/// send in another. A datagram that does not fit its buffer is cut.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::net::UnixDatagram;
///
/// let (one, two) = UnixDatagram::pair()?;
/// one.send(b"ahoy").await?;
/// let mut buf = [0; 16];
/// let n = two.recv(&mut buf).await?;
/// assert_eq!(&buf[..n], b"ahoy");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct UnixDatagram {
    pub(in crate::net) io: Evented<mio::net::UnixDatagram>,
}

/// The sender of a datagram; some systems report a sender without an address as no address at all.
#[inline]
fn unix(addr: &SockAddr) -> io::Result<SocketAddr> {
    match addr.as_unix() {
        Some(addr) => Ok(SocketAddr(addr)),
        None => net::SocketAddr::from_pathname("").map(SocketAddr),
    }
}

impl UnixDatagram {
    /// A socket bound to `path`, which must be free.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    #[inline]
    pub fn bind<P>(path: P) -> io::Result<UnixDatagram>
    where
        P: AsRef<Path>,
    {
        Self::from_mio(mio::net::UnixDatagram::bind(path)?)
    }

    /// Two sockets that are connected to each other.
    ///
    /// # Errors
    /// What the system reports, for example being out of descriptors.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    #[inline]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, two) = mio::net::UnixDatagram::pair()?;
        Ok((Self::from_mio(one)?, Self::from_mio(two)?))
    }

    /// A socket without an address.
    ///
    /// # Errors
    /// What the system reports, for example being out of descriptors.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    #[inline]
    pub fn unbound() -> io::Result<UnixDatagram> {
        Self::from_mio(mio::net::UnixDatagram::unbound()?)
    }

    #[track_caller]
    #[inline]
    pub(in crate::net) fn from_mio(socket: mio::net::UnixDatagram) -> io::Result<UnixDatagram> {
        Ok(Self {
            io: Evented::new(socket, SourceKind::Datagram, Ready::WRITABLE)?,
        })
    }

    /// Sends to the socket at `path`, and receives from it, alone.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.io.connect(path)
    }

    /// The address of this socket.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// What the system reports; not connected, as a rule.
    #[inline]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr().map(SocketAddr)
    }

    /// The pending error of the socket, which this clears.
    ///
    /// # Errors
    /// What the system reports about the call.
    #[inline]
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Closes one side, or both: pending and later operations end.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.shutdown(how)
    }

    readiness_methods!(
        "let (client, server) = selkie::net::UnixDatagram::pair()?;",
        try_send,
        try_recv,
        "socket2::SockRef::from(&client).send(b\"ping\")"
    );
    datagram_methods!(
        SocketAddr,
        unix,
        "let (client, server) = selkie::net::UnixDatagram::pair()?;"
    );

    /// Sends `buf` to the socket at `target`, waiting for room; returns how many bytes were sent.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Nothing was sent if the future is dropped before it is ready.
    #[inline]
    pub async fn send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        self.io
            .call(Interest::WRITABLE, || self.io.send_to(buf, target.as_ref()))
            .await
    }

    /// Sends `buf` to the socket at `target`, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn poll_send_to<P>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>>
    where
        P: AsRef<Path>,
    {
        let send = &mut || self.io.send_to(buf, target.as_ref());
        self.io
            .registration()
            .poll_transfer(cx, Direction::Write, send)
    }

    /// Sends `buf` to the socket at `target` if there is room now.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; what the system reports otherwise.
    #[inline]
    pub fn try_send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        self.io
            .registration()
            .try_transfer(Interest::WRITABLE, &mut || {
                self.io.send_to(buf, target.as_ref())
            })
    }
}

std_conversions!(
    UnixDatagram,
    net::UnixDatagram,
    mio::net::UnixDatagram,
    "a socket",
    Datagram,
    Interest::READABLE | Interest::WRITABLE,
    "let socket = std::os::unix::net::UnixDatagram::unbound()?;"
);
