//! A socket that accepts TCP connections.

use std::io;
use std::net::{self, SocketAddr};

use super::stream::TcpStream;
use crate::async_io::Interest;
use crate::net::addr::{ToSocketAddrs, each_addr};
use crate::net::methods::std_conversions;
use crate::net::streams::accept_methods;
use crate::source::Evented;

/// A socket that accepts TCP connections.
///
/// # Examples
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
    ///
    /// # Cancel safety
    /// Only the look-up of a name is waited for; nothing stays bound when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::TcpListener;
    ///
    /// // Port 0 lets the system choose.
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert!(listener.local_addr()?.port() > 0);
    /// // A port that is taken is an error.
    /// assert!(TcpListener::bind(listener.local_addr()?).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<TcpListener> {
        let lookup = addr.resolve();
        drop(addr);
        each_addr(lookup.await?, |addr| {
            Self::from_mio(mio::net::TcpListener::bind(addr)?)
        })
    }

    #[track_caller]
    #[inline]
    pub(in crate::net) fn from_mio(listener: mio::net::TcpListener) -> io::Result<TcpListener> {
        Ok(Self {
            io: Evented::with_interest(listener, Interest::READABLE)?,
        })
    }

    accept_methods!(
        TcpStream,
        SocketAddr,
        "let listener = selkie::net::TcpListener::bind(\"127.0.0.1:0\").await?;\n\
         let mut client = selkie::net::TcpStream::connect(listener.local_addr()?).await?;"
    );

    /// The address that it listens at.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
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
    /// use selkie::net::TcpListener;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// listener.set_ttl(16)?;
    /// assert_eq!(listener.ttl()?, 16);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        self.io.set_ttl(ttl)
    }
}

std_conversions!(
    TcpListener,
    net::TcpListener,
    mio::net::TcpListener,
    "a listener",
    Stream,
    Interest::READABLE,
    "let socket = std::net::TcpListener::bind(\"127.0.0.1:0\")?;"
);
