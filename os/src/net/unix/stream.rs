//! A connection through a Unix socket.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::unix::net;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;

use super::socket_addr::SocketAddr;
use crate::io::{AsyncRead, ReadBuf};
use crate::net::methods::{readiness_methods, stream_methods, stream_write_impl};
use crate::source::Evented;
use crate::sys::unix_address;

/// A connection through a Unix socket.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::net::UnixStream;
///
/// let (mut one, mut two) = UnixStream::pair()?;
/// one.write_all(b"ahoy").await?;
/// let mut buf = [0; 4];
/// two.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ahoy");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct UnixStream {
    pub(in crate::net) io: Evented<mio::net::UnixStream>,
}

impl UnixStream {
    /// Connects to the socket at `path`; one that begins with a zero byte is an abstract name.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cancel safety
    /// Dropping the future gives the connection up.
    pub async fn connect<P>(path: P) -> io::Result<UnixStream>
    where
        P: AsRef<Path>,
    {
        let addr = unix_address(path.as_ref())?;
        drop(path);
        Self::connect_to(&addr).await
    }

    /// Connects to the socket with the address `socket_addr`.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    pub async fn connect_addr(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        Self::connect_to(&socket_addr.0).await
    }

    async fn connect_to(addr: &net::SocketAddr) -> io::Result<UnixStream> {
        Self::connected(mio::net::UnixStream::connect_addr(addr)?).await
    }

    /// Waits until a connection that was begun stands.
    pub(super) async fn connected(stream: mio::net::UnixStream) -> io::Result<UnixStream> {
        let stream = Self::from_mio(stream)?;
        stream.writable().await?;
        match stream.take_error()? {
            None => Ok(stream),
            Some(error) => Err(error),
        }
    }

    #[track_caller]
    pub(super) fn from_mio(stream: mio::net::UnixStream) -> io::Result<UnixStream> {
        Ok(Self {
            io: Evented::new(stream)?,
        })
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    /// What the system says; being out of descriptors, for one.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, two) = mio::net::UnixStream::pair()?;
        Ok((Self::from_mio(one)?, Self::from_mio(two)?))
    }

    /// Takes over a connection of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled; in debug builds if the socket is in blocking mode.
    #[track_caller]
    pub fn from_std(stream: net::UnixStream) -> io::Result<UnixStream> {
        crate::sys::assert_nonblocking(&stream);
        Self::from_mio(mio::net::UnixStream::from_std(stream))
    }

    /// Gives the connection to std, still in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not let go of it.
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        self.io.into_inner().map(net::UnixStream::from)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// What the system says.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr().map(SocketAddr)
    }

    /// The error that stands on the socket, which is cleared by this.
    ///
    /// # Errors
    /// What the system says about the question.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    readiness_methods!();
    stream_methods!();

    fn read_some(stream: &mio::net::UnixStream, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        stream.try_io(|| SockRef::from(stream).recv(free))
    }

    /// A read of a Unix socket stops at a message with descriptors, so a short one says nothing
    /// about what is left.
    pub(super) fn poll_read_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io
            .poll_read_packet(cx, buf, Self::read_some)
            .map_ok(drop)
    }

    pub(super) fn poll_write_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write(cx, buf)
    }

    pub(super) fn poll_write_vectored_shared(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io.poll_write_vectored(cx, bufs)
    }

    pub(super) fn shutdown_write(&self) -> io::Result<()> {
        match self.io.shutdown(Shutdown::Write) {
            // The peer is gone: that closes it, too.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            outcome => outcome,
        }
    }
}

impl AsyncRead for UnixStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read_shared(cx, buf)
    }
}

stream_write_impl!(UnixStream);

impl AsRef<Self> for UnixStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl TryFrom<net::UnixStream> for UnixStream {
    type Error = io::Error;

    fn try_from(stream: net::UnixStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}
