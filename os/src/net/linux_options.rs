//! Socket options of Linux and Android.

use std::io;

use socket2::SockRef;

use super::tcp::socket::TcpSocket;
use super::tcp::stream::TcpStream;
use super::udp::UdpSocket;

macro_rules! device {
    ($socket:ty, $self:ident => $inner:expr) => {
        impl $socket {
            /// The name of the device that the socket is bound to (`SO_BINDTODEVICE`).
            ///
            /// # Errors
            /// What the system reports.
            #[inline]
            pub fn device(&$self) -> io::Result<Option<Vec<u8>>> {
                SockRef::from($inner).device()
            }

            /// Binds the socket to a device by its name, or to none (`SO_BINDTODEVICE`).
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Examples
            /// A service for the machine itself, whatever its other addresses are:
            /// ```no_run
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use selkie::net::UdpSocket;
            ///
            /// let socket = UdpSocket::bind("0.0.0.0:5353").await?;
            /// socket.bind_device(Some(b"lo"))?;
            /// assert_eq!(socket.device()?.as_deref(), Some(&b"lo"[..]));
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn bind_device(&$self, interface: Option<&[u8]>) -> io::Result<()> {
                SockRef::from($inner).bind_device(interface)
            }
        }
    };
}

device!(TcpSocket, self => &self.inner);
device!(UdpSocket, self => &*self.io);

impl TcpStream {
    /// Whether acknowledgements go out at once (`TCP_QUICKACK`).
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn quickack(&self) -> io::Result<bool> {
        SockRef::from(&*self.io).tcp_quickack()
    }

    /// Makes acknowledgements go out at once, or wait to ride on data (`TCP_QUICKACK`).
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
    /// // Acknowledges at once; the system may go back by itself.
    /// stream.set_quickack(true)?;
    /// assert!(stream.quickack()?);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        SockRef::from(&*self.io).set_tcp_quickack(quickack)
    }
}
