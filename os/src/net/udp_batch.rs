//! Many datagrams by one system call: `sendmmsg`, `recvmmsg`, and segmentation by the system.
//!
//! Idea        Headers for up to 64 datagrams are on the stack; the system reads or fills the buffers of the caller
//!             in storage.
//! Invariants  I1 every pointer in a header leads to something that lives until the call returns.
#![allow(unsafe_code)]

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::zeroed;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr;

use socket2::SockAddr;

use super::udp::UdpSocket;
use crate::async_io::Interest;

/// The most datagrams of one call.
const BATCH: usize = 64;
/// Room for the control messages of a datagram: a header and a number, aligned.
type Control = [u64; 4];
const UDP_SEGMENT: libc::c_int = 103;
const UDP_GRO: libc::c_int = 104;

/// What a receive of many datagrams reports of each.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::io::IoSliceMut;
/// use selkie::net::{UdpDatagram, UdpSocket};
///
/// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
/// one.send_to(b"hello", two.local_addr()?).await?;
/// let (mut memory, mut received): (_, Vec<UdpDatagram>) = ([0; 16], Vec::new());
/// two.recv_many(&mut [IoSliceMut::new(&mut memory)], &mut received).await?;
/// assert_eq!((received[0].len, received[0].from), (5, one.local_addr()?));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct UdpDatagram {
    /// Bytes in the buffer.
    pub len: usize,
    /// Bytes of each datagram in the buffer but the last, if the system put several together
    /// ([`UdpSocket::set_gro`]); else `len`.
    pub segment_len: usize,
    /// Whether it did not fit, and was cut.
    pub truncated: bool,
    /// Where it comes from.
    pub from: SocketAddr,
}

#[inline]
fn headers() -> [libc::mmsghdr; BATCH] {
    // SAFETY: zeros are a header without buffers.
    unsafe { zeroed() }
}

#[inline]
fn outcome(count: libc::c_int) -> io::Result<usize> {
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

#[inline]
fn send(socket: BorrowedFd<'_>, datagrams: &[(IoSlice<'_>, SocketAddr)]) -> io::Result<usize> {
    let count = datagrams.len().min(BATCH);
    let names: [Option<SockAddr>; BATCH] =
        std::array::from_fn(|i| datagrams.get(i).map(|(_, target)| SockAddr::from(*target)));
    let mut headers = headers();
    for ((header, (part, _)), name) in headers
        .iter_mut()
        .zip(datagrams)
        .zip(names.iter().flatten())
    {
        let header = &mut header.msg_hdr;
        header.msg_name = name.as_ptr().cast_mut().cast();
        header.msg_namelen = name.len();
        header.msg_iov = (&raw const *part).cast_mut().cast();
        header.msg_iovlen = 1;
    }
    // SAFETY: `count` headers are whole (I1), and the system only reads what they point to.
    outcome(unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), count as _, 0) })
}

#[inline]
fn recv(
    socket: BorrowedFd<'_>,
    bufs: &mut [IoSliceMut<'_>],
    received: &mut Vec<UdpDatagram>,
) -> io::Result<usize> {
    let count = bufs.len().min(BATCH);
    // SAFETY: zeros are addresses of no family.
    let mut names: [libc::sockaddr_storage; BATCH] = unsafe { zeroed() };
    let mut controls: [Control; BATCH] = [[0; 4]; BATCH];
    let mut headers = headers();
    for (i, buf) in bufs.iter_mut().take(count).enumerate() {
        let header = &mut headers[i].msg_hdr;
        header.msg_name = (&raw mut names[i]).cast();
        header.msg_namelen = size_of::<libc::sockaddr_storage>() as _;
        header.msg_iov = (&raw mut *buf).cast();
        header.msg_iovlen = 1;
        header.msg_control = (&raw mut controls[i]).cast();
        header.msg_controllen = size_of::<Control>() as _;
    }
    // SAFETY: `count` headers are whole (I1); the system writes within the lengths that they give.
    let count = outcome(unsafe {
        libc::recvmmsg(
            socket.as_raw_fd(),
            headers.as_mut_ptr(),
            count as _,
            0,
            ptr::null_mut(),
        )
    })?;
    for (header, name) in headers.iter().zip(&names).take(count) {
        let len = header.msg_len as usize;
        received.push(UdpDatagram {
            len,
            segment_len: segment_len(&header.msg_hdr).unwrap_or(len),
            truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
            from: address(name, header.msg_hdr.msg_namelen)?,
        });
    }
    Ok(count)
}

/// The address that the system wrote.
#[inline]
fn address(name: &libc::sockaddr_storage, len: libc::socklen_t) -> io::Result<SocketAddr> {
    let init = |storage: *mut socket2::SockAddrStorage, storage_len: *mut libc::socklen_t| {
        // SAFETY: `storage` has the size of an address of any family.
        unsafe { ptr::copy_nonoverlapping(name, storage.cast(), 1) };
        // SAFETY: it points to a length.
        unsafe { storage_len.write(len) };
        Ok(())
    };
    // SAFETY: `init` writes a whole address, and its length.
    let ((), addr) = unsafe { SockAddr::try_init(init) }?;
    addr.as_socket()
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The length of the segments, if the system has coalesced datagrams.
#[inline]
fn segment_len(header: &libc::msghdr) -> Option<usize> {
    // SAFETY: the system wrote the control part, and its length.
    let first = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: null, or a whole header within the control part.
    let control = unsafe { first.as_ref() }?;
    if (control.cmsg_level, control.cmsg_type) != (libc::SOL_UDP, UDP_GRO) {
        return None;
    }
    // SAFETY: the header is whole.
    let data = unsafe { libc::CMSG_DATA(first) };
    // SAFETY: this control message carries a C int, wherever it is aligned.
    let len = unsafe { data.cast::<libc::c_int>().read_unaligned() };
    usize::try_from(len).ok()
}

impl UdpSocket {
    #[inline]
    fn set_udp(&self, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
        // SAFETY: the system reads one C int.
        let set = unsafe {
            libc::setsockopt(
                (*self.io).as_raw_fd(),
                libc::SOL_UDP,
                option,
                (&raw const value).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        outcome(set).map(drop)
    }

    /// Sends the first of `datagrams`, each to its address, by one system call, waiting for room;
    /// says how many went.
    ///
    /// At most 64 go at once: call again for the others. Linux and Android have this.
    ///
    /// # Errors
    /// What the system says about the first; an error of a later one ends the batch before it.
    ///
    /// # Cancel safety
    /// Nothing was sent if the future is dropped before it is ready.
    ///
    /// # Cost
    /// One system call.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// use std::io::{IoSlice, IoSliceMut};
    ///
    /// use selkie::net::UdpSocket;
    ///
    /// let one = UdpSocket::bind("127.0.0.1:0").await?;
    /// let two = UdpSocket::bind("127.0.0.1:0").await?;
    /// let to = two.local_addr()?;
    /// let sent = [(IoSlice::new(b"a"), to), (IoSlice::new(b"bc"), to)];
    /// assert_eq!(one.send_many(&sent).await?, 2);
    /// let (mut first, mut second) = ([0; 8], [0; 8]);
    /// let mut bufs = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    /// let mut received = Vec::new();
    /// assert_eq!(two.recv_many(&mut bufs, &mut received).await?, 2);
    /// assert_eq!((received[1].len, received[1].from), (2, one.local_addr()?));
    /// assert_eq!(&second[..2], b"bc");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[inline]
    pub async fn send_many(&self, datagrams: &[(IoSlice<'_>, SocketAddr)]) -> io::Result<usize> {
        if datagrams.is_empty() {
            return Ok(0);
        }
        let send = || send((*self.io).as_fd(), datagrams);
        self.io.call(Interest::WRITABLE, send).await
    }

    /// As [`send_many`](Self::send_many), if there is room now.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; otherwise as there.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::IoSlice;
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// let to = two.local_addr()?;
    /// one.writable().await?;
    /// // Three datagrams in one call of the system.
    /// let datagrams = [(IoSlice::new(b"a"), to), (IoSlice::new(b"bc"), to), (IoSlice::new(b"def"), to)];
    /// assert_eq!(one.try_send_many(&datagrams)?, 3);
    /// assert_eq!(two.recv(&mut [0; 16]).await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_send_many(&self, datagrams: &[(IoSlice<'_>, SocketAddr)]) -> io::Result<usize> {
        if datagrams.is_empty() {
            return Ok(0);
        }
        let send = &mut || send((*self.io).as_fd(), datagrams);
        self.io.registration().try_call(Interest::WRITABLE, send)
    }

    /// Receives the datagrams that are here, one into each of `bufs`, by one system call, waiting
    /// for the first; appends a description of each to `received`, and returns how many came.
    ///
    /// At most 64 come at once. Linux and Android have this.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// No datagram is lost when the future is dropped.
    ///
    /// # Cost
    /// One system call.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::IoSliceMut;
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// one.send_to(b"a", two.local_addr()?).await?;
    /// one.send_to(b"bc", two.local_addr()?).await?;
    ///
    /// let (mut first, mut second) = ([0; 16], [0; 16]);
    /// let mut buffers = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    /// let mut received = Vec::new();
    /// assert_eq!(two.recv_many(&mut buffers, &mut received).await?, 2);
    /// assert_eq!((received[0].len, received[1].len), (1, 2));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn recv_many(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        received: &mut Vec<UdpDatagram>,
    ) -> io::Result<usize> {
        if bufs.is_empty() {
            return Ok(0);
        }
        let recv = || recv((*self.io).as_fd(), bufs, received);
        self.io.call(Interest::READABLE, recv).await
    }

    /// As [`recv_many`](Self::recv_many), if a datagram is here.
    ///
    /// # Errors
    /// `WouldBlock` if none is here; otherwise as there.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::IoSliceMut;
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// one.send_to(b"abc", two.local_addr()?).await?;
    /// two.readable().await?;
    /// let (mut memory, mut received) = ([0; 16], Vec::new());
    /// assert_eq!(two.try_recv_many(&mut [IoSliceMut::new(&mut memory)], &mut received)?, 1);
    /// assert_eq!(&memory[..received[0].len], b"abc");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_recv_many(
        &self,
        bufs: &mut [IoSliceMut<'_>],
        received: &mut Vec<UdpDatagram>,
    ) -> io::Result<usize> {
        if bufs.is_empty() {
            return Ok(0);
        }
        let recv = &mut || recv((*self.io).as_fd(), bufs, received);
        self.io.registration().try_call(Interest::READABLE, recv)
    }

    /// Makes the system cut what is sent into datagrams of `segment_bytes` (`UDP_SEGMENT`), or
    /// send it whole with `None`.
    ///
    /// One send may then carry as many datagrams as the system allows: 64, and 65,507 bytes, as a
    /// rule.
    ///
    /// # Errors
    /// What the system reports; kernels before 4.18 do not know this.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UdpSocket;
    ///
    /// let (one, two) = (UdpSocket::bind("127.0.0.1:0").await?, UdpSocket::bind("127.0.0.1:0").await?);
    /// // A large send leaves as datagrams of four bytes.
    /// one.set_gso(Some(4))?;
    /// one.send_to(b"01234567", two.local_addr()?).await?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(two.recv(&mut buffer).await?, 4);
    /// assert_eq!(&buffer[..4], b"0123");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_gso(&self, segment_bytes: Option<u16>) -> io::Result<()> {
        self.set_udp(UDP_SEGMENT, segment_bytes.unwrap_or(0).into())
    }

    /// Lets the system put datagrams of one sender together (`UDP_GRO`); receive them by
    /// [`recv_many`](Self::recv_many), which tells how long each is.
    ///
    /// # Errors
    /// What the system reports; kernels before 5.0 do not know this.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::net::UdpSocket;
    ///
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// // Datagrams of one sender may come joined; `recv_many` says how long each is.
    /// assert!(socket.set_gro(true).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn set_gro(&self, gro: bool) -> io::Result<()> {
        self.set_udp(UDP_GRO, gro.into())
    }
}
