//! Options of UDP sockets.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use socket2::SockRef;

use super::udp::UdpSocket;

/// Reads or sets one option. For the examples, `$to` is a value, of a socket with the address `$address`.
macro_rules! options {
    ($($get:ident, $set:ident($t:ty), $via:ident: $inner_get:ident, $inner_set:ident,
       $address:literal, $to:literal, $what:literal;)*) => {$(
        #[doc = concat!("Reads ", $what, ".")]
        ///
        /// # Errors
        /// What the system reports.
        #[inline]
        pub fn $get(&self) -> io::Result<$t> {
            options!(@$via self).$inner_get()
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
        /// use selkie::net::UdpSocket;
        ///
        #[doc = concat!("# if std::net::UdpSocket::bind(", stringify!($address), ").is_err() { return Ok(()); }")]
        #[doc = concat!("let socket = UdpSocket::bind(", stringify!($address), ").await?;")]
        #[doc = concat!("socket.", stringify!($set), "(", stringify!($to), ")?;")]
        #[doc = concat!("assert_eq!(socket.", stringify!($get), "()?, ", stringify!($to), ");")]
        /// # Ok(())
        /// # }
        /// ```
        #[inline]
        pub fn $set(&self, on: $t) -> io::Result<()> {
            options!(@$via self).$inner_set(on)
        }
    )*};
    (@mio $self:ident) => { $self.io };
    (@raw $self:ident) => { SockRef::from(&*$self.io) };
}

impl UdpSocket {
    options! {
        broadcast, set_broadcast(bool), mio: broadcast, set_broadcast, "127.0.0.1:0", true,
            "whether datagrams may go to broadcast addresses (`SO_BROADCAST`)";
        multicast_loop_v4, set_multicast_loop_v4(bool), mio:
            multicast_loop_v4, set_multicast_loop_v4, "127.0.0.1:0", false,
            "whether multicasts come back here, in IPv4 (`IP_MULTICAST_LOOP`)";
        multicast_ttl_v4, set_multicast_ttl_v4(u32), mio: multicast_ttl_v4, set_multicast_ttl_v4, "127.0.0.1:0", 4,
            "the hops that a multicast may take, in IPv4 (`IP_MULTICAST_TTL`)";
        multicast_loop_v6, set_multicast_loop_v6(bool), mio:
            multicast_loop_v6, set_multicast_loop_v6, "[::1]:0", false,
            "whether multicasts come back here, in IPv6 (`IPV6_MULTICAST_LOOP`)";
        ttl, set_ttl(u32), mio: ttl, set_ttl, "127.0.0.1:0", 16, "the hops that a datagram may take (`IP_TTL`)";
        tos_v4, set_tos_v4(u32), raw: tos_v4, set_tos_v4, "127.0.0.1:0", 16,
            "the type of service of IPv4 packets (`IP_TOS`)";
    }

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

    /// Joins the IPv4 group `multiaddr` on the interface with the address `interface`.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```no_run
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::net::Ipv4Addr;
    /// use selkie::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("0.0.0.0:5353").await?;
    /// // On whichever interface the system takes.
    /// socket.join_multicast_v4(Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::UNSPECIFIED)?;
    /// let mut buffer = [0; 1500];
    /// let (length, from) = socket.recv_from(&mut buffer).await?;
    /// println!("{length} bytes from {from}");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.join_multicast_v4(&multiaddr, &interface)
    }

    /// Joins the IPv6 group `multiaddr` on the interface with the number `interface`.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```no_run
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::net::Ipv6Addr;
    /// use selkie::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("[::]:5353").await?;
    /// // All who answer by multicast DNS, on the interface that the system chooses.
    /// let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    /// socket.join_multicast_v6(&group, 0)?;
    /// let mut buffer = [0; 1500];
    /// let (length, from) = socket.recv_from(&mut buffer).await?;
    /// println!("{length} bytes from {from}");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.join_multicast_v6(multiaddr, interface)
    }

    /// Leaves the IPv4 group `multiaddr`.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```no_run
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::net::Ipv4Addr;
    /// use selkie::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("0.0.0.0:5353").await?;
    /// let group = Ipv4Addr::new(224, 0, 0, 251);
    /// socket.join_multicast_v4(group, Ipv4Addr::UNSPECIFIED)?;
    /// socket.leave_multicast_v4(group, Ipv4Addr::UNSPECIFIED)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.io.leave_multicast_v4(&multiaddr, &interface)
    }

    /// Leaves the IPv6 group `multiaddr`.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Examples
    /// ```no_run
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::net::Ipv6Addr;
    /// use selkie::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("[::]:5353").await?;
    /// let group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    /// socket.join_multicast_v6(&group, 0)?;
    /// socket.leave_multicast_v6(&group, 0)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.io.leave_multicast_v6(multiaddr, interface)
    }

    /// The pending error of the socket, which this clears.
    ///
    /// # Errors
    /// What the system reports about the call.
    #[inline]
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }
}
