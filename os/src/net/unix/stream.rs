//! A connection through a Unix socket.

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::os::unix::net;
use std::path::Path;
use std::task::{Context, Poll};

use socket2::SockRef;

use super::socket_addr::SocketAddr;
use crate::async_io::{Interest, ReadBuf, Ready};
use crate::net::methods::std_conversions;
use crate::net::streams::socket_stream;
use crate::source::Evented;
use crate::sys::unix_address;

/// A connection through a Unix socket.
///
/// # Examples
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
    /// What the system reports.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cancel safety
    /// Dropping the future gives the connection up.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{UnixListener, UnixStream};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-connect-{}", std::process::id()));
    /// assert!(UnixStream::connect(&path).await.is_err(), "nobody is there");
    /// let _listener = UnixListener::bind(&path)?;
    /// assert!(UnixStream::connect(&path).await.is_ok());
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
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
    /// What the system reports.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cancel safety
    /// Dropping the future gives the connection up.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{UnixListener, UnixStream};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-connect-addr-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// assert!(UnixStream::connect_addr(&listener.local_addr()?).await.is_ok());
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn connect_addr(socket_addr: &SocketAddr) -> io::Result<UnixStream> {
        Self::connect_to(&socket_addr.0).await
    }

    #[inline]
    async fn connect_to(addr: &net::SocketAddr) -> io::Result<UnixStream> {
        Self::connected(mio::net::UnixStream::connect_addr(addr)?).await
    }

    /// Two streams that are connected to each other.
    ///
    /// # Errors
    /// What the system reports, for example being out of descriptors.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
    /// use selkie::net::UnixStream;
    ///
    /// let (mut one, mut two) = UnixStream::pair()?;
    /// one.write_all(b"hello").await?;
    /// let mut text = [0; 5];
    /// two.read_exact(&mut text).await?;
    /// assert_eq!(&text, b"hello");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, two) = mio::net::UnixStream::pair()?;
        // Nobody has written: there is room.
        let one = Self::from_mio(one, Ready::WRITABLE)?;
        Ok((one, Self::from_mio(two, Ready::WRITABLE)?))
    }

    /// The address of this end.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr().map(SocketAddr)
    }

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
}

socket_stream!(
    UnixStream,
    mio::net::UnixStream,
    "let (client, server) = selkie::net::UnixStream::pair()?;"
);
std_conversions!(
    UnixStream,
    net::UnixStream,
    mio::net::UnixStream,
    "a connection",
    Stream,
    Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY,
    "let (socket, _other) = std::os::unix::net::UnixStream::pair()?;"
);
