//! A TCP connection.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::{self, Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;

use crate::driver::Direction;
use crate::io::{AsyncRead, Interest, ReadBuf};
use crate::net::addr::{ToSocketAddrs, no_addrs};
use crate::net::methods::{readiness_methods, stream_methods, stream_write_impl};
use crate::source::{Evented, as_uninit, fill};

/// A TCP connection between this end and a peer.
///
/// Read and write with [`AsyncReadExt`](crate::io) and `AsyncWriteExt`; through a shared reference
/// with [`readable`](Self::readable) and [`try_read`](Self::try_read), or by
/// [`split`](Self::split). To close the writing side use `AsyncWriteExt::shutdown`.
///
/// # Cost
/// A descriptor, and 64 bytes in the driver.
///
/// # Example
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::net::TcpStream;
///
/// let mut stream = TcpStream::connect("127.0.0.1:7").await?;
/// stream.write_all(b"hello").await?;
/// let mut answer = [0; 5];
/// stream.read_exact(&mut answer).await?;
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct TcpStream {
    pub(in crate::net) io: Evented<mio::net::TcpStream>,
}

impl TcpStream {
    /// Connects to the first of `addr`'s addresses that accepts.
    ///
    /// # Errors
    /// What the last address failed with, or the look-up.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cancel safety
    /// Dropping the future gives the connection up.
    pub async fn connect<A: ToSocketAddrs>(addr: A) -> io::Result<TcpStream> {
        let lookup = addr.resolve();
        drop(addr);
        let mut last = None;
        for addr in lookup.await? {
            match Self::connect_addr(addr).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(no_addrs))
    }

    async fn connect_addr(addr: SocketAddr) -> io::Result<TcpStream> {
        Self::connected(mio::net::TcpStream::connect(addr)?).await
    }

    /// Waits until a connection that was begun stands.
    pub(super) async fn connected(stream: mio::net::TcpStream) -> io::Result<TcpStream> {
        let stream = Self::from_mio(stream)?;
        stream.writable().await?;
        match stream.take_error()? {
            None => Ok(stream),
            Some(error) => Err(error),
        }
    }

    #[track_caller]
    pub(super) fn from_mio(stream: mio::net::TcpStream) -> io::Result<TcpStream> {
        Ok(Self {
            io: Evented::new(stream)?,
        })
    }

    /// Takes over a connection of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled; in debug builds if the socket is in blocking mode.
    #[track_caller]
    pub fn from_std(stream: net::TcpStream) -> io::Result<TcpStream> {
        crate::sys::assert_nonblocking(&stream);
        Self::from_mio(mio::net::TcpStream::from_std(stream))
    }

    /// Gives the connection to std, still in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not let go of it.
    pub fn into_std(self) -> io::Result<net::TcpStream> {
        self.io.into_inner().map(net::TcpStream::from)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// What the system says; not connected, as a rule.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
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

    /// Reads what is there and leaves it there; as a poll.
    ///
    /// # Errors
    /// What the system says.
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.io.registration().poll_io(cx, Direction::Read, || {
            fill(buf, |free| {
                self.io.try_io(|| SockRef::from(&*self.io).peek(free))
            })
        })
    }

    /// Reads what is there and leaves it there, waiting for something if nothing is.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        let peek = || {
            self.io
                .try_io(|| SockRef::from(&*self.io).peek(as_uninit(buf)))
        };
        self.io.call(Interest::READABLE, peek).await
    }

    /// Whether small writes go out at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// What the system says.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.nodelay()
    }

    /// Makes small writes go out at once, or wait to be put together (`TCP_NODELAY`).
    ///
    /// # Errors
    /// What the system says.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.set_nodelay(nodelay)
    }

    /// How long a close lingers for unsent data (`SO_LINGER`).
    ///
    /// # Errors
    /// What the system says.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(&*self.io).linger()
    }

    /// Makes a close linger for unsent data for up to `dur` (`SO_LINGER`).
    ///
    /// # Errors
    /// What the system says.
    #[deprecated(note = "a close that lingers blocks the thread; see `set_zero_linger`")]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        SockRef::from(&*self.io).set_linger(dur)
    }

    /// Makes a close drop unsent data and reset the connection, at once.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_zero_linger(&self) -> io::Result<()> {
        SockRef::from(&*self.io).set_linger(Some(Duration::ZERO))
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

    fn read_some(stream: &mio::net::TcpStream, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        stream.try_io(|| SockRef::from(stream).recv(free))
    }

    pub(super) fn poll_read_shared(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io.poll_read_stream(cx, buf, Self::read_some)
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
            // The peer reset the connection: that closes it, too.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            outcome => outcome,
        }
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_read_shared(cx, buf)
    }
}

stream_write_impl!(TcpStream);

impl AsRef<Self> for TcpStream {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl TryFrom<net::TcpStream> for TcpStream {
    type Error = io::Error;

    fn try_from(stream: net::TcpStream) -> io::Result<Self> {
        Self::from_std(stream)
    }
}
