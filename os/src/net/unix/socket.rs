//! A Unix socket before it listens or connects.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net;
use std::path::Path;

use socket2::{Domain, SockAddr, Socket, Type};

use super::datagram::UnixDatagram;
use super::listener::UnixListener;
use super::stream::UnixStream;

/// A Unix socket that neither listens nor is connected.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::net::{UnixSocket, UnixStream};
///
/// let path = std::env::temp_dir().join(format!("selkie-socket-{}", std::process::id()));
/// let socket = UnixSocket::new_stream()?;
/// socket.bind(&path)?;
/// // Only a few connections wait to be accepted.
/// let listener = socket.listen(4)?;
/// let _client = UnixStream::connect(&path).await?;
/// listener.accept().await?;
/// std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UnixSocket {
    pub(in crate::net) inner: Socket,
}

impl UnixSocket {
    /// A socket for streams.
    ///
    /// # Errors
    /// What the system reports, for example being out of descriptors.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{UnixListener, UnixSocket};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-new-stream-{}", std::process::id()));
    /// let _listener = UnixListener::bind(&path)?;
    /// assert!(UnixSocket::new_stream()?.connect(&path).await.is_ok());
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new_stream() -> io::Result<UnixSocket> {
        Self::new(Type::STREAM)
    }

    /// A socket for datagrams.
    ///
    /// # Errors
    /// What the system reports, for example being out of descriptors.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UnixSocket;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-new-datagram-{}", std::process::id()));
    /// let socket = UnixSocket::new_datagram()?;
    /// socket.bind(&path)?;
    /// let receiver = socket.datagram()?;
    /// UnixSocket::new_datagram()?.datagram()?.send_to(b"ping", &path).await?;
    /// assert_eq!(receiver.recv(&mut [0; 16]).await?, 4);
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn new_datagram() -> io::Result<UnixSocket> {
        Self::new(Type::DGRAM)
    }

    #[inline]
    fn new(ty: Type) -> io::Result<UnixSocket> {
        let inner = Socket::new(Domain::UNIX, ty, None)?;
        inner.set_nonblocking(true)?;
        Ok(Self { inner })
    }

    #[inline]
    fn is_datagram(&self) -> io::Result<bool> {
        self.inner.r#type().map(|ty| ty == Type::DGRAM)
    }

    /// Binds the socket to `path`, which must be free.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UnixSocket;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-socket-bind-{}", std::process::id()));
    /// UnixSocket::new_stream()?.bind(&path)?;
    /// // The file is there, and nobody else can bind to it.
    /// assert!(UnixSocket::new_stream()?.bind(&path).is_err());
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn bind(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.inner.bind(&SockAddr::unix(path)?)
    }

    /// Listens, with up to `backlog` connections that wait to be accepted.
    ///
    /// # Errors
    /// If this is a socket for datagrams; what the system reports otherwise.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{UnixSocket, UnixStream};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-listen-{}", std::process::id()));
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(&path)?;
    /// let listener = socket.listen(128)?;
    /// assert!(UnixStream::connect(&path).await.is_ok());
    /// std::fs::remove_file(&path)?;
    /// # drop(listener);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn listen(self, backlog: u32) -> io::Result<UnixListener> {
        if self.is_datagram()? {
            return Err(io::Error::other(
                "listen cannot be called on a datagram socket",
            ));
        }
        self.inner
            .listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
        let listener = net::UnixListener::from(OwnedFd::from(self.inner));
        UnixListener::from_mio(mio::net::UnixListener::from_std(listener))
    }

    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// If this is a socket for datagrams; what the system reports otherwise.
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
    /// use selkie::net::{UnixListener, UnixSocket};
    ///
    /// let base = std::env::temp_dir().join(format!("selkie-socket-connect-{}", std::process::id()));
    /// std::fs::create_dir(&base)?;
    /// let listener = UnixListener::bind(base.join("server"))?;
    /// // A client with a name of its own.
    /// let socket = UnixSocket::new_stream()?;
    /// socket.bind(base.join("client"))?;
    /// let _stream = socket.connect(base.join("server")).await?;
    /// let (_, address) = listener.accept().await?;
    /// assert_eq!(address.as_pathname(), Some(base.join("client").as_path()));
    /// std::fs::remove_dir_all(&base)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn connect(self, path: impl AsRef<Path>) -> io::Result<UnixStream> {
        if self.is_datagram()? {
            return Err(io::Error::other(
                "connect cannot be called on a datagram socket",
            ));
        }
        let addr = SockAddr::unix(path)?;
        match self.inner.connect(&addr) {
            Ok(()) => {}
            Err(error) if crate::sys::is_in_progress(&error) => {}
            Err(error) => return Err(error),
        }
        let stream = net::UnixStream::from(OwnedFd::from(self.inner));
        UnixStream::connected(mio::net::UnixStream::from_std(stream)).await
    }

    /// The socket, for datagrams.
    ///
    /// # Errors
    /// If this is a socket for streams; if the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{UnixDatagram, UnixSocket};
    ///
    /// let socket: UnixDatagram = UnixSocket::new_datagram()?.datagram()?;
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn datagram(self) -> io::Result<UnixDatagram> {
        if !self.is_datagram()? {
            return Err(io::Error::other(
                "datagram cannot be called on a stream socket",
            ));
        }
        let datagram = net::UnixDatagram::from(OwnedFd::from(self.inner));
        UnixDatagram::from_mio(mio::net::UnixDatagram::from_std(datagram))
    }
}
