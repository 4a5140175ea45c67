//! UDP.

use std::io;
use std::mem::MaybeUninit;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll};

use socket2::{SockAddr, SockRef};

use super::addr::{ToSocketAddrs, each_addr, no_addrs};
use super::datagram::datagram_methods;
use super::methods::{readiness_methods, std_conversions};
use crate::async_io::{Interest, ReadBuf};
use crate::driver::Direction;
use crate::source::{Evented, as_uninit};

/// A UDP socket.
///
/// Datagrams go from and to any address, or to and from one alone after
/// [`connect`](Self::connect). All methods take a shared reference: put the socket into an `Arc` to
/// receive in one task and send in another. A datagram that does not fit its buffer is cut.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::net::UdpSocket;
///
/// let one = UdpSocket::bind("127.0.0.1:0").await?;
/// let two = UdpSocket::bind("127.0.0.1:0").await?;
/// one.send_to(b"ahoy", two.local_addr()?).await?;
/// let mut buf = [0; 16];
/// let (n, from) = two.recv_from(&mut buf).await?;
/// assert_eq!((&buf[..n], from), (&b"ahoy"[..], one.local_addr()?));
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct UdpSocket {
    pub(super) io: Evented<mio::net::UdpSocket>,
}

#[inline]
fn inet(addr: &SockAddr) -> io::Result<SocketAddr> {
    addr.as_socket()
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

impl UdpSocket {
    /// A socket bound to the first of `addr`'s addresses that is free; port 0 lets the system
    /// choose.
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
    /// use selkie::net::UdpSocket;
    ///
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.send_to(b"ping", server.local_addr()?).await?;
    /// let mut buffer = [0; 16];
    /// let (length, from) = server.recv_from(&mut buffer).await?;
    /// server.send_to(&buffer[..length], from).await?;
    /// assert_eq!(client.recv(&mut buffer).await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn bind<A: ToSocketAddrs>(addr: A) -> io::Result<UdpSocket> {
        let lookup = addr.resolve();
        drop(addr);
        each_addr(lookup.await?, |addr| {
            Self::from_mio(mio::net::UdpSocket::bind(addr)?)
        })
    }

    #[track_caller]
    #[inline]
    pub(super) fn from_mio(socket: mio::net::UdpSocket) -> io::Result<UdpSocket> {
        Ok(Self {
            // Registered at once: nearly every such socket waits for its first datagram, and an attempt
            // before that would be in vain.
            io: Evented::datagrams(socket)?,
        })
    }

    /// The address of this socket.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// What the system reports; not connected, as a rule.
    #[inline]
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr()
    }

    /// Sends to, and receives from, the first of `addr`'s addresses that can be had, alone.
    ///
    /// # Errors
    /// What the last address failed with, or the look-up.
    ///
    /// # Cancel safety
    /// Only the look-up of a name is waited for: a future that is dropped before it is ready has not connected the socket.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UdpSocket;
    ///
    /// let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// let client = UdpSocket::bind("127.0.0.1:0").await?;
    /// client.connect(server.local_addr()?).await?;
    /// // From here on it needs no addresses, and hears nobody else.
    /// client.send(b"ping").await?;
    /// let stranger = UdpSocket::bind("127.0.0.1:0").await?;
    /// stranger.send_to(b"unheard", client.local_addr()?).await?;
    /// server.send_to(b"pong", client.local_addr()?).await?;
    /// let mut buffer = [0; 16];
    /// let length = client.recv(&mut buffer).await?;
    /// assert_eq!(&buffer[..length], b"pong");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn connect<A: ToSocketAddrs>(&self, addr: A) -> io::Result<()> {
        let lookup = addr.resolve();
        drop(addr);
        each_addr(lookup.await?, |addr| self.io.connect(addr))
    }

    readiness_methods!(
        "let server = selkie::net::UdpSocket::bind(\"127.0.0.1:0\").await?;\n\
     let client = selkie::net::UdpSocket::bind(\"127.0.0.1:0\").await?;\n\
     client.connect(server.local_addr()?).await?;",
        try_send,
        try_recv,
        "socket2::SockRef::from(&client).send(b\"ping\")"
    );
    datagram_methods!(
        SocketAddr,
        inet,
        "let server = selkie::net::UdpSocket::bind(\"127.0.0.1:0\").await?;\n\
     let client = selkie::net::UdpSocket::bind(\"127.0.0.1:0\").await?;\n\
     client.connect(server.local_addr()?).await?;"
    );

    // The system calls, made through `try_io` of mio as it requires.

    #[inline]
    fn peek_now(&self, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.io.try_io(|| SockRef::from(&*self.io).peek(free))
    }

    #[inline]
    fn peek_from_now(&self, free: &mut [MaybeUninit<u8>]) -> io::Result<(usize, SocketAddr)> {
        let (n, from) = self
            .io
            .try_io(|| SockRef::from(&*self.io).peek_from(free))?;
        Ok((n, inet(&from)?))
    }

    #[inline]
    fn peek_sender_now(&self) -> io::Result<SocketAddr> {
        inet(&self.io.try_io(|| SockRef::from(&*self.io).peek_sender())?)
    }

    /// Sends `buf` to the first of `addr`'s addresses, waiting for room; returns how many bytes were sent.
    ///
    /// # Errors
    /// What the system reports, or the look-up.
    ///
    /// # Cancel safety
    /// Nothing was sent if the future is dropped before it is ready.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// assert_eq!(one.send_to(b"hello", two.local_addr()?).await?, 5);
    /// let mut buffer = [0; 16];
    /// assert_eq!(two.recv_from(&mut buffer).await?, (5, one.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], addr: A) -> io::Result<usize> {
        let lookup = addr.resolve();
        drop(addr);
        let target = lookup.await?.next().ok_or_else(no_addrs)?;
        self.io
            .call(Interest::WRITABLE, || self.io.send_to(buf, target))
            .await
    }

    /// Sends `buf` to `target`, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.io
            .registration()
            .poll_transfer(cx, Direction::Write, &mut || self.io.send_to(buf, target))
    }

    /// Sends `buf` to `target` if there is room now.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; what the system reports otherwise.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// one.writable().await?;
    /// assert_eq!(one.try_send_to(b"hello", two.local_addr()?)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.io
            .registration()
            .try_transfer(Interest::WRITABLE, &mut || self.io.send_to(buf, target))
    }

    /// As [`recv`](Self::recv), and the datagram stays.
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
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// one.send_to(b"hello", two.local_addr()?).await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(two.peek(&mut buffer).await?, 5);
    /// // It is still there.
    /// assert_eq!(two.recv(&mut buffer).await?, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .call(Interest::READABLE, || self.peek_now(as_uninit(buf)))
            .await
    }

    /// As [`poll_recv`](Self::poll_recv), and the datagram stays.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn poll_peek(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_recv_with(cx, buf, Self::peek_now)
    }

    /// As [`try_recv`](Self::try_recv), and the datagram stays.
    ///
    /// # Errors
    /// `WouldBlock` if none is here; what the system reports otherwise.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// let mut buffer = [0; 16];
    /// assert!(two.try_peek(&mut buffer).is_err(), "nothing is there");
    /// one.send_to(b"hello", two.local_addr()?).await?;
    /// two.readable().await?;
    /// assert_eq!(two.try_peek(&mut buffer)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_peek(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .registration()
            .try_transfer(Interest::READABLE, &mut || self.peek_now(as_uninit(buf)))
    }

    /// As [`recv_from`](Self::recv_from), and the datagram stays.
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
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// one.send_to(b"hello", two.local_addr()?).await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(two.peek_from(&mut buffer).await?, (5, one.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .call(Interest::READABLE, || self.peek_from_now(as_uninit(buf)))
            .await
    }

    /// As [`poll_recv_from`](Self::poll_recv_from), and the datagram stays.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.poll_recv_from_with(cx, buf, Self::peek_from_now)
    }

    /// As [`try_recv_from`](Self::try_recv_from), and the datagram stays.
    ///
    /// # Errors
    /// `WouldBlock` if none is here; what the system reports otherwise.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// one.send_to(b"hello", two.local_addr()?).await?;
    /// two.readable().await?;
    /// assert_eq!(two.try_peek_from(&mut [0; 16])?, (5, one.local_addr()?));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_peek_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .registration()
            .try_call(Interest::READABLE, &mut || {
                self.peek_from_now(as_uninit(buf))
            })
    }

    /// Waits for a datagram, which stays, and returns its sender.
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
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// one.send_to(b"hello", two.local_addr()?).await?;
    /// // Who sends, before a buffer is chosen for it.
    /// assert_eq!(two.peek_sender().await?, one.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        self.io
            .call(Interest::READABLE, || self.peek_sender_now())
            .await
    }

    /// As [`peek_sender`](Self::peek_sender), as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.io
            .registration()
            .poll_io(cx, Direction::Read, &mut || self.peek_sender_now())
    }

    /// Where the datagram comes from that is here, and stays.
    ///
    /// # Errors
    /// `WouldBlock` if none is here; what the system reports otherwise.
    #[inline]
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.io
            .registration()
            .try_call(Interest::READABLE, &mut || self.peek_sender_now())
    }
}

std_conversions!(
    UdpSocket,
    net::UdpSocket,
    mio::net::UdpSocket,
    "a socket",
    Datagram,
    Interest::READABLE | Interest::WRITABLE,
    "let socket = std::net::UdpSocket::bind(\"127.0.0.1:0\")?;"
);
