//! A socket that accepts Unix connections.

use std::io;
use std::os::unix::net;
use std::path::Path;

use super::socket_addr::SocketAddr;
use super::stream::UnixStream;
use crate::async_io::Interest;
use crate::net::methods::std_conversions;
use crate::net::streams::accept_methods;
use crate::source::Evented;
use crate::sys::unix_address;

/// A socket that accepts connections through a path, or an abstract name.
///
/// The path is not removed when this drops.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
/// use selkie::net::{UnixListener, UnixStream};
///
/// let path = std::env::temp_dir().join(format!("selkie-echo-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// selkie::spawn(async move {
///     while let Ok((mut connection, _)) = listener.accept().await {
///         selkie::spawn(async move { connection.write_all(b"welcome").await });
///     }
/// });
/// let mut client = UnixStream::connect(&path).await?;
/// std::fs::remove_file(&path)?;
/// let mut greeting = String::new();
/// client.read_to_string(&mut greeting).await?;
/// assert_eq!(greeting, "welcome");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct UnixListener {
    pub(in crate::net) io: Evented<mio::net::UnixListener>,
}

impl UnixListener {
    /// Listens at `path`, which must be free; one that begins with a zero byte is an abstract
    /// name.
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
    /// use selkie::net::{UnixListener, UnixStream};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-bind-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// let _client = UnixStream::connect(&path).await?;
    /// listener.accept().await?;
    /// // The file stays when the listener closes.
    /// drop(listener);
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
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
    /// What the system reports.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::{UnixListener, unix::SocketAddr};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-bind-addr-{}", std::process::id()));
    /// let address = SocketAddr::from(std::os::unix::net::SocketAddr::from_pathname(&path)?);
    /// let listener = UnixListener::bind_addr(&address)?;
    /// assert_eq!(listener.local_addr()?.as_pathname(), Some(path.as_path()));
    /// std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn bind_addr(socket_addr: &SocketAddr) -> io::Result<UnixListener> {
        Self::from_mio(mio::net::UnixListener::bind_addr(&socket_addr.0)?)
    }

    #[track_caller]
    #[inline]
    pub(super) fn from_mio(listener: mio::net::UnixListener) -> io::Result<UnixListener> {
        Ok(Self {
            io: Evented::with_interest(listener, Interest::READABLE)?,
        })
    }

    /// The address that it listens at.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The pending error of the socket, which this clears.
    ///
    /// # Errors
    /// What the system reports about the call.
    #[inline]
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    accept_methods!(
        UnixStream,
        SocketAddr,
        "let path = std::env::temp_dir().join(format!(\"selkie-accept-{}\", std::process::id()));\n\
         let listener = selkie::net::UnixListener::bind(&path)?;\n\
         let mut client = selkie::net::UnixStream::connect(&path).await?;\n\
         # std::fs::remove_file(&path)?;"
    );
}

std_conversions!(
    UnixListener,
    net::UnixListener,
    mio::net::UnixListener,
    "a listener",
    Stream,
    Interest::READABLE,
    "let path = std::env::temp_dir().join(format!(\"selkie-listener-{}-{}\", line!(), std::process::id()));\n\
     let socket = std::os::unix::net::UnixListener::bind(&path)?;\n\
     # std::fs::remove_file(&path)?;"
);
