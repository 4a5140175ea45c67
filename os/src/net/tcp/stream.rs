//! A TCP connection.

use std::io::{self, Read, Write};
use std::mem::MaybeUninit;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;

use crate::async_io::{Interest, ReadBuf};
use crate::driver::Direction;
use crate::net::addr::{ToSocketAddrs, no_addrs};
use crate::net::methods::std_conversions;
use crate::net::streams::socket_stream;
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
/// # Examples
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
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    ///
    /// // Nobody listens at port 1.
    /// let refused = TcpStream::connect("127.0.0.1:1").await.unwrap_err();
    /// assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
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

    #[inline]
    async fn connect_addr(addr: SocketAddr) -> io::Result<TcpStream> {
        Self::connected(mio::net::TcpStream::connect(addr)?).await
    }

    /// The address of this end.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The address of the peer.
    ///
    /// # Errors
    /// What the system reports; not connected, as a rule.
    #[inline]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
    }

    /// Reads what is there and leaves it there; as a poll.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn poll_peek(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<usize>> {
        self.io
            .registration()
            .poll_transfer(cx, Direction::Read, &mut || {
                fill(buf, |free| {
                    self.io.try_io(|| SockRef::from(&*self.io).peek(free))
                })
            })
    }

    /// Reads what is there and leaves it there, waiting for something if nothing is.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt};
    /// use selkie::net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let mut client = TcpStream::connect(listener.local_addr()?).await?;
    /// client.write_all(b"GET /").await?;
    /// let (mut server, _) = listener.accept().await?;
    /// let mut first = [0; 1];
    /// // Looks which protocol it is, and leaves it to whoever reads.
    /// server.peek(&mut first).await?;
    /// assert_eq!(&first, b"G");
    /// let mut request = [0; 5];
    /// server.read_exact(&mut request).await?;
    /// assert_eq!(&request, b"GET /");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
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
    /// What the system reports.
    #[inline]
    pub fn nodelay(&self) -> io::Result<bool> {
        self.io.nodelay()
    }

    /// Makes small writes go out at once, or wait to be put together (`TCP_NODELAY`).
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// // Small messages that wait for answers: none is held back to join the next.
    /// stream.set_nodelay(true)?;
    /// assert!(stream.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.io.set_nodelay(nodelay)
    }

    /// How long a close lingers for unsent data (`SO_LINGER`).
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(&*self.io).linger()
    }

    /// Makes a close linger for unsent data for up to `dur` (`SO_LINGER`).
    ///
    /// # Errors
    /// What the system reports.
    #[deprecated(note = "a close that lingers blocks the thread; see `set_zero_linger`")]
    #[inline]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        SockRef::from(&*self.io).set_linger(dur)
    }

    /// Makes a close drop unsent data and reset the connection, at once.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    /// use selkie::net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut server, _) = listener.accept().await?;
    /// client.set_zero_linger()?;
    /// drop(client);
    /// // No end but a reset: the peer sees that something went wrong.
    /// let error = server.read(&mut [0; 16]).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_zero_linger(&self) -> io::Result<()> {
        SockRef::from(&*self.io).set_linger(Some(Duration::ZERO))
    }

    /// Hops that a packet may take (`IP_TTL`).
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn ttl(&self) -> io::Result<u32> {
        self.io.ttl()
    }

    /// Sets the hops that a packet may take (`IP_TTL`).
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{TcpListener, TcpStream};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?;
    /// stream.set_ttl(32)?;
    /// assert_eq!(stream.ttl()?, 32);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
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
}

socket_stream!(
    TcpStream,
    mio::net::TcpStream,
    "let listener = selkie::net::TcpListener::bind(\"127.0.0.1:0\").await?;\n\
     let client = selkie::net::TcpStream::connect(listener.local_addr()?).await?;\n\
     let (server, _) = listener.accept().await?;"
);
std_conversions!(
    TcpStream,
    net::TcpStream,
    mio::net::TcpStream,
    "a connection",
    Stream,
    Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY,
    "let listener = std::net::TcpListener::bind(\"127.0.0.1:0\")?;\n\
     let socket = std::net::TcpStream::connect(listener.local_addr()?)?;"
);
