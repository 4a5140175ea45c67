//! A Unix socket for datagrams.

use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::unix::net;
use std::path::Path;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use socket2::{SockAddr, SockRef};

use super::socket_addr::SocketAddr;
use crate::driver::Direction;
use crate::io::{Interest, ReadBuf};
use crate::net::methods::readiness_methods;
use crate::source::{Evented, as_uninit, fill_with};

/// A Unix socket for datagrams.
///
/// All methods take a shared reference: put the socket into an `Arc` to receive in one task and
/// send in another. A datagram that does not fit its buffer is cut.
///
/// # Example
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::net::UnixDatagram;
///
/// let (one, two) = UnixDatagram::pair()?;
/// one.send(b"ahoy").await?;
/// let mut buf = [0; 16];
/// let n = two.recv(&mut buf).await?;
/// assert_eq!(&buf[..n], b"ahoy");
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
pub struct UnixDatagram {
    pub(in crate::net) io: Evented<mio::net::UnixDatagram>,
}

/// Where a datagram comes from; a sender without an address is told by none at all.
fn unix(addr: &SockAddr) -> io::Result<SocketAddr> {
    match addr.as_unix() {
        Some(addr) => Ok(SocketAddr(addr)),
        None => net::SocketAddr::from_pathname("").map(SocketAddr),
    }
}

impl UnixDatagram {
    /// A socket bound to `path`, which must be free.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn bind<P>(path: P) -> io::Result<UnixDatagram>
    where
        P: AsRef<Path>,
    {
        Self::from_mio(mio::net::UnixDatagram::bind(path)?)
    }

    /// Two sockets that are connected to each other.
    ///
    /// # Errors
    /// What the system says; being out of descriptors, for one.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, two) = mio::net::UnixDatagram::pair()?;
        Ok((Self::from_mio(one)?, Self::from_mio(two)?))
    }

    /// A socket without an address.
    ///
    /// # Errors
    /// What the system says; being out of descriptors, for one.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled.
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        Self::from_mio(mio::net::UnixDatagram::unbound()?)
    }

    #[track_caller]
    pub(in crate::net) fn from_mio(socket: mio::net::UnixDatagram) -> io::Result<UnixDatagram> {
        Ok(Self {
            io: Evented::new(socket)?,
        })
    }

    /// Takes over a socket of std's, which must be in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not take it.
    ///
    /// # Panics
    /// Outside of a runtime with I/O enabled; in debug builds if the socket is in blocking mode.
    #[track_caller]
    pub fn from_std(datagram: net::UnixDatagram) -> io::Result<UnixDatagram> {
        crate::sys::assert_nonblocking(&datagram);
        Self::from_mio(mio::net::UnixDatagram::from_std(datagram))
    }

    /// Gives the socket to std, still in non-blocking mode.
    ///
    /// # Errors
    /// If the driver does not let go of it.
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        self.io.into_inner().map(net::UnixDatagram::from)
    }

    /// Sends to the socket at `path`, and receives from it, alone.
    ///
    /// # Errors
    /// What the system says.
    pub fn connect<P: AsRef<Path>>(&self, path: P) -> io::Result<()> {
        self.io.connect(path)
    }

    /// The address of this socket.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr().map(SocketAddr)
    }

    /// The address that the socket is connected to.
    ///
    /// # Errors
    /// What the system says; not connected, as a rule.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.io.peer_addr().map(SocketAddr)
    }

    /// The error that stands on the socket, which is cleared by this.
    ///
    /// # Errors
    /// What the system says about the question.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.io.take_error()
    }

    /// Closes one side, or both: pending and later operations end.
    ///
    /// # Errors
    /// What the system says.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.io.shutdown(how)
    }

    readiness_methods!();

    fn recv_now(&self, free: &mut [MaybeUninit<u8>]) -> io::Result<usize> {
        self.io.try_io(|| SockRef::from(&*self.io).recv(free))
    }

    fn recv_from_now(&self, free: &mut [MaybeUninit<u8>]) -> io::Result<(usize, SocketAddr)> {
        let (n, from) = self
            .io
            .try_io(|| SockRef::from(&*self.io).recv_from(free))?;
        Ok((n, unix(&from)?))
    }

    fn poll_recv_with<R>(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        recv: impl Fn(&mut [MaybeUninit<u8>]) -> io::Result<(usize, R)>,
    ) -> Poll<io::Result<R>> {
        let (_, rest) = ready!(
            self.io
                .registration()
                .poll_io(cx, Direction::Read, || fill_with(buf, &recv))
        )?;
        Poll::Ready(Ok(rest))
    }

    /// Waits until a datagram can be sent, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// If the runtime shuts down.
    pub fn poll_send_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_write_ready(cx)
    }

    /// Waits until a datagram can be received, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// If the runtime shuts down.
    pub fn poll_recv_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io.poll_read_ready(cx)
    }

    /// Sends `buf` to the connected address, waiting for room; says how many bytes went.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Nothing was sent if the future is dropped before it is ready.
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.call(Interest::WRITABLE, || self.io.send(buf)).await
    }

    /// Sends `buf` to the connected address, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// What the system says.
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.io
            .registration()
            .poll_io(cx, Direction::Write, || self.io.send(buf))
    }

    /// Sends `buf` to the connected address if there is room now.
    ///
    /// # Errors
    /// Would-block if there is no room; what the system says otherwise.
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.io.try_call(Interest::WRITABLE, || self.io.send(buf))
    }

    /// Sends `buf` to the socket at `target`, waiting for room; says how many bytes went.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// Nothing was sent if the future is dropped before it is ready.
    pub async fn send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        self.io
            .call(Interest::WRITABLE, || self.io.send_to(buf, target.as_ref()))
            .await
    }

    /// Sends `buf` to the socket at `target`, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// What the system says.
    pub fn poll_send_to<P>(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: P,
    ) -> Poll<io::Result<usize>>
    where
        P: AsRef<Path>,
    {
        let send = || self.io.send_to(buf, target.as_ref());
        self.io.registration().poll_io(cx, Direction::Write, send)
    }

    /// Sends `buf` to the socket at `target` if there is room now.
    ///
    /// # Errors
    /// Would-block if there is no room; what the system says otherwise.
    pub fn try_send_to<P>(&self, buf: &[u8], target: P) -> io::Result<usize>
    where
        P: AsRef<Path>,
    {
        self.io
            .try_call(Interest::WRITABLE, || self.io.send_to(buf, target.as_ref()))
    }

    /// Receives a datagram, waiting for one; says how long it is.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// No datagram is lost when the future is dropped.
    pub async fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .call(Interest::READABLE, || self.recv_now(as_uninit(buf)))
            .await
    }

    /// Receives a datagram into `buf`, as a poll; only the last caller's task is woken.
    ///
    /// # Errors
    /// What the system says.
    pub fn poll_recv(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll_recv_with(cx, buf, |free| Ok((self.recv_now(free)?, ())))
    }

    /// Receives a datagram if one is here.
    ///
    /// # Errors
    /// Would-block if none is here; what the system says otherwise.
    pub fn try_recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.io
            .try_call(Interest::READABLE, || self.recv_now(as_uninit(buf)))
    }

    /// As [`recv`](Self::recv), into the room that `buf` has at hand.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// No datagram is lost when the future is dropped.
    pub async fn recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let recv = || fill_with(buf, |free| Ok((self.recv_now(free)?, ())));
        Ok(self.io.call(Interest::READABLE, recv).await?.0)
    }

    /// As [`try_recv`](Self::try_recv), into the room that `buf` has at hand.
    ///
    /// # Errors
    /// Would-block if none is here; what the system says otherwise.
    pub fn try_recv_buf<B: BufMut>(&self, buf: &mut B) -> io::Result<usize> {
        let recv = || fill_with(buf, |free| Ok((self.recv_now(free)?, ())));
        Ok(self.io.try_call(Interest::READABLE, recv)?.0)
    }

    /// Receives a datagram, waiting for one; says how long it is and where it comes from.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// No datagram is lost when the future is dropped.
    pub async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .call(Interest::READABLE, || self.recv_from_now(as_uninit(buf)))
            .await
    }

    /// Receives a datagram into `buf`, as a poll, and says where it comes from; only the last
    /// caller's task is woken.
    ///
    /// # Errors
    /// What the system says.
    pub fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<SocketAddr>> {
        self.poll_recv_with(cx, buf, |free| self.recv_from_now(free))
    }

    /// Receives a datagram if one is here.
    ///
    /// # Errors
    /// Would-block if none is here; what the system says otherwise.
    pub fn try_recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.io
            .try_call(Interest::READABLE, || self.recv_from_now(as_uninit(buf)))
    }

    /// As [`recv_from`](Self::recv_from), into the room that `buf` has at hand.
    ///
    /// # Errors
    /// What the system says.
    ///
    /// # Cancel safety
    /// No datagram is lost when the future is dropped.
    pub async fn recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let recv = || fill_with(buf, |free| self.recv_from_now(free));
        self.io.call(Interest::READABLE, recv).await
    }

    /// As [`try_recv_from`](Self::try_recv_from), into the room that `buf` has at hand.
    ///
    /// # Errors
    /// Would-block if none is here; what the system says otherwise.
    pub fn try_recv_buf_from<B: BufMut>(&self, buf: &mut B) -> io::Result<(usize, SocketAddr)> {
        let recv = || fill_with(buf, |free| self.recv_from_now(free));
        self.io.try_call(Interest::READABLE, recv)
    }
}

impl TryFrom<net::UnixDatagram> for UnixDatagram {
    type Error = io::Error;

    fn try_from(datagram: net::UnixDatagram) -> io::Result<Self> {
        Self::from_std(datagram)
    }
}
