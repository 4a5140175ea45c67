//! Several sockets at one address, over which the system spreads what arrives (`SO_REUSEPORT`).
//!
//! Idea        The first socket gets a port, if the system chooses one; the others bind to the same.
//! Invariants  I1 all or none: if an address takes fewer sockets than were asked for, none is kept.
//! Rejected    `SO_REUSEPORT` of other systems: several sockets may bind, but one of them receives everything.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::addr::{ToSocketAddrs, each_addr};
use super::tcp::listener::TcpListener;
use super::udp::UdpSocket;

/// Connections that wait in a listener to be accepted; the system may allow fewer.
const BACKLOG: i32 = 1024;

/// Makes the system spread what comes among the sockets at `socket`'s address.
#[inline]
fn share_port(socket: &Socket) -> io::Result<()> {
    #[cfg(target_os = "freebsd")]
    return socket.set_reuse_port_lb(true);
    #[cfg(not(target_os = "freebsd"))]
    socket.set_reuse_port(true)
}

/// A socket in non-blocking mode at `addr`, which others may share.
#[inline]
fn bind_shared(addr: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    share_port(&socket)?;
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&addr.into())?;
    Ok(socket)
}

/// `count` sockets at `addr`, each made by `bind`; `local` says where one is.
#[inline]
fn bind_each<S>(
    addr: SocketAddr,
    count: usize,
    bind: impl Fn(SocketAddr) -> io::Result<S>,
    local: impl Fn(&S) -> io::Result<SocketAddr>,
) -> io::Result<Vec<S>> {
    let first = bind(addr)?;
    let addr = local(&first)?;
    let mut all = vec![first];
    while all.len() < count {
        all.push(bind(addr)?); // I1: an error drops the others.
    }
    Ok(all)
}

#[inline]
fn at_least_one(count: usize) -> io::Result<()> {
    if count > 0 {
        return Ok(());
    }
    let wrong = "too few sockets: 0 asked, 1 is the least";
    Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
}

#[inline]
fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = bind_shared(addr, Type::STREAM, Protocol::TCP)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_mio(mio::net::TcpListener::from_std(socket.into()))
}

#[inline]
fn receive(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bind_shared(addr, Type::DGRAM, Protocol::UDP)?;
    UdpSocket::from_mio(mio::net::UdpSocket::from_std(socket.into()))
}

impl TcpListener {
    /// `count` listeners at the first of `addr`'s addresses that is free, among which the system
    /// spreads the connections (`SO_REUSEPORT`); port 0 lets the system choose one port for all.
    ///
    /// Give each listener to a task, or by [`into_std`](Self::into_std) to a runtime of its own: then
    /// no queue of connections is shared. By which listener a connection comes in depends on the two
    /// addresses alone, so a few clients may be spread unevenly. A connection that waits in a listener
    /// that drops is reset. Other processes of the same user may share the address, too. Linux, Android
    /// and FreeBSD have this.
    ///
    /// # Errors
    /// If `count` is zero; what the last address failed with, or the look-up. Being out of
    /// descriptors, for one, which limits `count`.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cancel safety
    /// Only the look-up of a name is waited for; nothing stays bound when the future is dropped.
    ///
    /// # Cost
    /// Five system calls for each listener.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// use selkie::net::{TcpListener, TcpStream};
    ///
    /// let listeners = TcpListener::bind_many("127.0.0.1:0", 4).await?;
    /// let address = listeners[0].local_addr()?;
    /// for listener in listeners {
    ///     selkie::spawn(async move {
    ///         while let Ok((stream, _peer)) = listener.accept().await {
    ///             drop(stream);
    ///         }
    ///     });
    /// }
    /// TcpStream::connect(address).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[doc(alias = "reuseport")]
    #[doc(alias = "SO_REUSEPORT")]
    #[inline]
    pub async fn bind_many<A: ToSocketAddrs>(addr: A, count: usize) -> io::Result<Vec<Self>> {
        at_least_one(count)?;
        let lookup = addr.resolve();
        drop(addr);
        each_addr(lookup.await?, |addr| {
            bind_each(addr, count, listen, Self::local_addr)
        })
    }
}

impl UdpSocket {
    /// `count` sockets at the first of `addr`'s addresses that is free, among which the system spreads
    /// the datagrams (`SO_REUSEPORT`); port 0 lets the system choose one port for all.
    ///
    /// Datagrams from one address to this one all come to the same socket, as long as none of them is
    /// closed. For the rest see [`TcpListener::bind_many`].
    ///
    /// # Errors
    /// If `count` is zero; what the last address failed with, or the look-up.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    ///
    /// # Cancel safety
    /// Only the look-up of a name is waited for; nothing stays bound when the future is dropped.
    ///
    /// # Cost
    /// Five system calls for each socket.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UdpSocket;
    ///
    /// // Four sockets of one port, for four tasks; the system divides the senders.
    /// let sockets = UdpSocket::bind_many("127.0.0.1:0", 4).await?;
    /// let port = sockets[0].local_addr()?.port();
    /// for socket in &sockets {
    ///     assert_eq!(socket.local_addr()?.port(), port);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "reuseport")]
    #[doc(alias = "SO_REUSEPORT")]
    #[inline]
    pub async fn bind_many<A: ToSocketAddrs>(addr: A, count: usize) -> io::Result<Vec<Self>> {
        at_least_one(count)?;
        let lookup = addr.resolve();
        drop(addr);
        each_addr(lookup.await?, |addr| {
            bind_each(addr, count, receive, Self::local_addr)
        })
    }
}
