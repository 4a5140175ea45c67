//! A TCP socket before it listens or connects.

use std::fmt;
use std::io;
use std::net::{self, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::listener::TcpListener;
use super::stream::TcpStream;

/// A TCP socket whose options are set before it listens or connects.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::net::TcpSocket;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(1024)?;
/// # drop(listener);
/// # Ok(())
/// # })
/// # }
/// ```
pub struct TcpSocket {
    pub(in crate::net) inner: Socket,
}

macro_rules! option {
    ($(#[$attr:meta])* $get:ident, $set:ident, $t:ty, $inner_get:ident, $inner_set:ident, $to:literal,
     $what:literal) => {
        #[doc = concat!("Reads ", $what, ".")]
        ///
        /// # Errors
        /// What the system reports.
        $(#[$attr])*
        #[inline]
        pub fn $get(&self) -> io::Result<$t> {
            self.inner.$inner_get()
        }

        #[doc = concat!("Sets ", $what, ".")]
        ///
        /// # Errors
        /// What the system reports.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::net::TcpSocket;
        ///
        /// let socket = TcpSocket::new_v4()?;
        #[doc = concat!("socket.", stringify!($set), "(", stringify!($to), ")?;")]
        #[doc = concat!("assert_eq!(socket.", stringify!($get), "()?, ", stringify!($to), ");")]
        /// # Ok(())
        /// # }
        /// ```
        $(#[$attr])*
        #[inline]
        pub fn $set(&self, value: $t) -> io::Result<()> {
            self.inner.$inner_set(value)
        }
    };
}

impl TcpSocket {
    /// A socket for IPv4.
    ///
    /// # Errors
    /// What the system reports, for example being out of descriptors.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let listener = socket.listen(128)?;
    /// assert!(listener.local_addr()?.is_ipv4());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new_v4() -> io::Result<TcpSocket> {
        Self::new(Domain::IPV4)
    }

    /// A socket for IPv6.
    ///
    /// # Errors
    /// What the system reports, for example being out of descriptors.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::TcpSocket;
    ///
    /// # if std::net::TcpListener::bind("[::1]:0").is_ok() {
    /// let socket = TcpSocket::new_v6()?;
    /// socket.bind("[::1]:0".parse().unwrap())?;
    /// assert!(socket.local_addr()?.is_ipv6());
    /// # }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new_v6() -> io::Result<TcpSocket> {
        Self::new(Domain::IPV6)
    }

    #[inline]
    fn new(domain: Domain) -> io::Result<TcpSocket> {
        let inner = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner })
    }

    option!(
        keepalive,
        set_keepalive,
        bool,
        keepalive,
        set_keepalive,
        true,
        "whether an idle peer is probed (`SO_KEEPALIVE`)"
    );
    option!(
        reuseaddr,
        set_reuseaddr,
        bool,
        reuse_address,
        set_reuse_address,
        true,
        "whether a recently used address may be bound (`SO_REUSEADDR`)"
    );
    option!(
        nodelay,
        set_nodelay,
        bool,
        tcp_nodelay,
        set_tcp_nodelay,
        true,
        "whether small writes go out at once (`TCP_NODELAY`)"
    );
    option!(
        tos_v4,
        set_tos_v4,
        u32,
        tos_v4,
        set_tos_v4,
        16,
        "the type of service of IPv4 packets (`IP_TOS`)"
    );

    /// As [`tos_v4`](Self::tos_v4).
    ///
    /// # Errors
    /// What the system reports.
    #[doc(hidden)]
    #[deprecated(note = "use `tos_v4`")]
    #[inline]
    pub fn tos(&self) -> io::Result<u32> {
        self.tos_v4()
    }

    /// As [`set_tos_v4`](Self::set_tos_v4).
    ///
    /// # Errors
    /// What the system reports.
    #[doc(hidden)]
    #[deprecated(note = "use `set_tos_v4`")]
    #[inline]
    pub fn set_tos(&self, tos: u32) -> io::Result<()> {
        self.set_tos_v4(tos)
    }

    /// Reads the size of the send buffer (`SO_SNDBUF`), as the system counts it.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.inner.send_buffer_size().map(saturate)
    }

    /// Asks for a send buffer of `size` bytes (`SO_SNDBUF`).
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_send_buffer_size(64 * 1024)?;
    /// // The system may make it larger.
    /// assert!(socket.send_buffer_size()? >= 64 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_send_buffer_size(size as usize)
    }

    /// Reads the size of the receive buffer (`SO_RCVBUF`), as the system counts it.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.inner.recv_buffer_size().map(saturate)
    }

    /// Asks for a receive buffer of `size` bytes (`SO_RCVBUF`).
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_recv_buffer_size(64 * 1024)?;
    /// assert!(socket.recv_buffer_size()? >= 64 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.inner.set_recv_buffer_size(size as usize)
    }

    /// Reads how long a close lingers for unsent data (`SO_LINGER`).
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        self.inner.linger()
    }

    /// Makes a close linger for unsent data for up to `dur` (`SO_LINGER`).
    ///
    /// # Errors
    /// What the system reports.
    #[deprecated(note = "a close that lingers blocks the thread; see `set_zero_linger`")]
    #[inline]
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.inner.set_linger(dur)
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
    /// use std::time::Duration;
    /// use selkie::net::TcpSocket;
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// // Whatever is unsent when it closes is thrown away.
    /// socket.set_zero_linger()?;
    /// assert_eq!(socket.linger()?, Some(Duration::ZERO));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.inner.set_linger(Some(Duration::ZERO))
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner
            .local_addr()?
            .as_socket()
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The pending error of the socket, which this clears.
    ///
    /// # Errors
    /// What the system reports about the call.
    #[inline]
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.inner.take_error()
    }

    /// Binds the socket to `addr`.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{TcpListener, TcpSocket};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// // A client that comes from an address of its choice.
    /// let socket = TcpSocket::new_v4()?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// let local = socket.local_addr()?;
    /// let stream = socket.connect(listener.local_addr()?).await?;
    /// assert_eq!(listener.accept().await?.1, local);
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn bind(&self, addr: SocketAddr) -> io::Result<()> {
        self.inner.bind(&addr.into())
    }

    /// Connects to `addr`.
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
    /// use selkie::net::{TcpListener, TcpSocket};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_nodelay(true)?;
    /// let stream = socket.connect(listener.local_addr()?).await?;
    /// assert!(stream.nodelay()?);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn connect(self, addr: SocketAddr) -> io::Result<TcpStream> {
        match self.inner.connect(&addr.into()) {
            Ok(()) => {}
            Err(error) if crate::sys::is_in_progress(&error) => {}
            Err(error) => return Err(error),
        }
        TcpStream::connected(mio::net::TcpStream::from_std(self.inner.into())).await
    }

    /// Listens, with up to `backlog` connections that wait to be accepted.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{TcpSocket, TcpStream};
    ///
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_reuseaddr(true)?;
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// // Up to a thousand connections wait to be accepted.
    /// let listener = socket.listen(1024)?;
    /// let _client = TcpStream::connect(listener.local_addr()?).await?;
    /// listener.accept().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        self.inner.listen(backlog)?;
        TcpListener::from_mio(mio::net::TcpListener::from_std(self.inner.into()))
    }

    /// Takes over a socket of std's that is bound or not, but neither listens nor is connected.
    ///
    /// It must be in non-blocking mode.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{TcpListener, TcpSocket};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// // An option that another crate sets.
    /// let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
    /// socket.set_nonblocking(true)?;
    /// let socket = TcpSocket::from_std_stream(socket.into());
    /// assert!(socket.connect(listener.local_addr()?).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn from_std_stream(std_stream: net::TcpStream) -> TcpSocket {
        Self {
            inner: std_stream.into(),
        }
    }
}

#[inline]
fn saturate(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl fmt::Debug for TcpSocket {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
