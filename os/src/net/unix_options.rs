//! Socket options of Unix.

use std::io;

use socket2::SockRef;

use super::tcp::socket::TcpSocket;
use super::udp::UdpSocket;

macro_rules! tclass_v6 {
    ($socket:ty, $self:ident => $inner:expr) => {
        impl $socket {
            /// Reads the traffic class of IPv6 packets (`IPV6_TCLASS`).
            ///
            /// # Errors
            /// What the system reports.
            #[inline]
            pub fn tclass_v6(&$self) -> io::Result<u32> {
                SockRef::from($inner).tclass_v6()
            }

            /// Sets the traffic class of IPv6 packets (`IPV6_TCLASS`).
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Examples
            /// ```no_run
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use selkie::net::UdpSocket;
            ///
            /// let socket = UdpSocket::bind("[::1]:0").await?;
            /// // Expedited forwarding, for voice (RFC 3246).
            /// socket.set_tclass_v6(0xb8)?;
            /// assert_eq!(socket.tclass_v6()?, 0xb8);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn set_tclass_v6(&$self, tclass: u32) -> io::Result<()> {
                SockRef::from($inner).set_tclass_v6(tclass)
            }
        }
    };
}

tclass_v6!(TcpSocket, self => &self.inner);
tclass_v6!(UdpSocket, self => &*self.io);
