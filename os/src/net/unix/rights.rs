//! Descriptors that are sent through Unix sockets (`SCM_RIGHTS`).
//!
//! Invariants  I1 each descriptor that the system has made for a message goes to the caller or is closed. That
//!                includes those that nobody asked for: a socket may be set to receive one of the sender's process.
//!             I2 there is room for whatever else a socket may be set to receive, so that descriptors are truncated
//!                only if the process may have no more.
#![allow(unsafe_code)]

use std::io;
use std::mem::{MaybeUninit, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::datagram::UnixDatagram;
use super::stream::UnixStream;
use crate::async_io::Interest;

/// The most descriptors of one message: the limit of the system.
const MAX_DESCRIPTORS: usize = 253;
/// Bytes of a control message with that many.
// SAFETY: a computation.
const CONTROL_BYTES: usize =
    unsafe { libc::CMSG_SPACE((MAX_DESCRIPTORS * size_of::<RawFd>()) as libc::c_uint) } as usize;
/// Room for what else may come with a message: credentials, time, a security label (I2).
const OTHER_BYTES: usize = 512;
/// The control message with a descriptor of the process of the sender, since Linux 6.5.
const SCM_PIDFD: libc::c_int = 4;

/// Room for control messages, aligned as they are.
type Control = [u64; CONTROL_WORDS];
const CONTROL_WORDS: usize = (CONTROL_BYTES + OTHER_BYTES).div_ceil(size_of::<u64>());

/// What a receive of descriptors tells of a message, or of a part of a stream.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::os::fd::AsFd;
/// use selkie::net::{UnixStream, unix::MessageWithFds};
///
/// # if cfg!(target_os = "linux") {
/// let (one, two) = UnixStream::pair()?;
/// let file = std::fs::File::open("/proc/self/exe")?;
/// one.send_with_fds(b"a file", &[file.as_fd()]).await?;
/// let (mut buffer, mut fds) = ([0; 16], Vec::new());
/// let message: MessageWithFds = two.recv_message_with_fds(&mut buffer, &mut fds).await?;
/// assert_eq!((message.len, message.fds, message.fds_truncated), (6, 1, false));
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageWithFds {
    /// Bytes in the buffer.
    pub len: usize,
    /// Descriptors that came, and were appended.
    pub fds: usize,
    /// Whether a datagram did not fit into the buffer: its rest is lost.
    pub truncated: bool,
    /// Whether this process may not open all the descriptors that were sent: the rest is closed.
    pub fds_truncated: bool,
}

#[inline]
fn check_arguments(buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let wrong = if fds.len() > MAX_DESCRIPTORS {
        format!("too many descriptors: {} of {MAX_DESCRIPTORS}", fds.len())
    } else if buf.is_empty() {
        "descriptors travel with at least one byte".to_owned()
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
}

#[inline]
fn send(socket: BorrowedFd<'_>, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut control: Control = [0; CONTROL_WORDS];
    let mut part = libc::iovec {
        iov_base: buf.as_ptr().cast_mut().cast(),
        iov_len: buf.len(),
    };
    // SAFETY: zeros are a header without name, buffers and control messages.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    if !fds.is_empty() {
        put_descriptors(&mut header, &mut control, fds);
    }
    // SAFETY: the system only reads, within the lengths that the header gives.
    let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, libc::MSG_NOSIGNAL) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Puts a control message with `fds` into `control`, and that into `header`.
#[inline]
fn put_descriptors(header: &mut libc::msghdr, control: &mut Control, fds: &[BorrowedFd<'_>]) {
    let bytes = (fds.len() * size_of::<RawFd>()) as libc::c_uint;
    header.msg_control = control.as_mut_ptr().cast();
    // SAFETY: a computation.
    header.msg_controllen = unsafe { libc::CMSG_SPACE(bytes) } as _;
    // SAFETY: the header is whole, and has room for one message at least.
    let message = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: a message in `control`, which is aligned for it, and nobody else uses.
    let first = unsafe { &mut *message };
    first.cmsg_level = libc::SOL_SOCKET;
    first.cmsg_type = libc::SCM_RIGHTS;
    // SAFETY: a computation.
    first.cmsg_len = unsafe { libc::CMSG_LEN(bytes) } as _;
    // SAFETY: the message has room for `bytes` bytes of data.
    let mut data: *mut RawFd = unsafe { libc::CMSG_DATA(message) }.cast();
    for fd in fds {
        // SAFETY: in the message, by its length.
        unsafe { data.write_unaligned(fd.as_raw_fd()) };
        // SAFETY: still in the message, or just behind it.
        data = unsafe { data.add(1) };
    }
}

#[inline]
fn recv(
    socket: BorrowedFd<'_>,
    buf: &mut [u8],
    fds: &mut Vec<OwnedFd>,
) -> io::Result<MessageWithFds> {
    let mut control: MaybeUninit<Control> = MaybeUninit::uninit();
    let mut part = libc::iovec {
        iov_base: buf.as_mut_ptr().cast(),
        iov_len: buf.len(),
    };
    // SAFETY: zeros are a header without name, buffers and room.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of::<Control>() as _;
    // SAFETY: the system writes within the lengths that the header gives of the buffer and the room.
    let len = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, libc::MSG_CMSG_CLOEXEC) };
    let len = usize::try_from(len).map_err(|_| io::Error::last_os_error())?;
    let before = fds.len();
    take_descriptors(&header, fds);
    Ok(MessageWithFds {
        len,
        fds: fds.len() - before,
        truncated: header.msg_flags & libc::MSG_TRUNC != 0,
        fds_truncated: header.msg_flags & libc::MSG_CTRUNC != 0,
    })
}

/// Takes the descriptors out of the control messages of `header`, which the system has filled (I1).
#[inline]
fn take_descriptors(header: &libc::msghdr, fds: &mut Vec<OwnedFd>) {
    // SAFETY: the header is whole.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !next.is_null() {
        // SAFETY: a message from the system, within the room.
        let message = unsafe { ptr::read_unaligned(next) };
        // SAFETY: as above.
        let mut data = unsafe { libc::CMSG_DATA(next) }.cast_const();
        // SAFETY: a computation.
        let empty_len = unsafe { libc::CMSG_LEN(0) } as usize;
        let count = (message.cmsg_len as usize - empty_len) / size_of::<RawFd>();
        let carries = (message.cmsg_level, message.cmsg_type);
        let is_wanted = carries == (libc::SOL_SOCKET, libc::SCM_RIGHTS);
        let has_fds = is_wanted || carries == (libc::SOL_SOCKET, SCM_PIDFD);
        for _ in 0..if has_fds { count } else { 0 } {
            // SAFETY: one of `count` numbers in the message.
            let fd: RawFd = unsafe { ptr::read_unaligned(data.cast()) };
            // SAFETY: still in the message, or just behind it.
            data = unsafe { data.add(size_of::<RawFd>()) };
            // If the system has none to give, it reports that by a negative number.
            if fd >= 0 {
                // SAFETY: the system has made it for us.
                let fd = unsafe { OwnedFd::from_raw_fd(fd) };
                fds.extend(is_wanted.then_some(fd)); // I1
            }
        }
        // SAFETY: the header is whole, and `next` one of its messages.
        next = unsafe { libc::CMSG_NXTHDR(header, next) };
    }
}

/// The number of bytes of a message all of whose descriptors have come.
#[inline]
fn len_if_complete(message: MessageWithFds) -> io::Result<usize> {
    if message.fds_truncated {
        let text = "descriptors were lost: this process may open no more";
        return Err(io::Error::other(text));
    }
    Ok(message.len)
}

macro_rules! rights {
    ($socket:ident) => {
        impl $socket {
            /// Sends `buf` with duplicates of the descriptors `fds`, waiting for room; returns how many
            /// bytes went.
            ///
            /// The descriptors go with the first byte, so they have gone if any byte has. Linux and
            /// Android have this.
            ///
            /// # Errors
            /// If there are more than 253 descriptors, or no bytes for them to travel with; what the
            /// system says otherwise.
            ///
            /// # Cancel safety
            /// Nothing was sent if the future is dropped before it is ready.
            ///
            /// # Examples
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            /// use std::os::fd::AsFd;
            ///
            #[doc = concat!("use selkie::net::", stringify!($socket), ";")]
            ///
            #[doc = concat!("let (one, two) = ", stringify!($socket), "::pair()?;")]
            /// let file = std::fs::File::open("/proc/self/exe")?;
            /// one.send_with_fds(b"!", &[file.as_fd()]).await?;
            /// let (mut buf, mut fds) = ([0; 8], Vec::new());
            /// assert_eq!(two.recv_with_fds(&mut buf, &mut fds).await?, 1);
            /// let same = std::fs::File::from(fds.remove(0));
            /// assert_eq!(same.metadata()?.len(), file.metadata()?.len());
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            #[inline]
            pub async fn send_with_fds(
                &self,
                buf: &[u8],
                fds: &[BorrowedFd<'_>],
            ) -> io::Result<usize> {
                check_arguments(buf, fds)?;
                let send = || send((*self.io).as_fd(), buf, fds);
                self.io.call(Interest::WRITABLE, send).await
            }

            /// As [`send_with_fds`](Self::send_with_fds), if there is room now.
            ///
            /// # Errors
            /// `WouldBlock` if there is no room; otherwise as there.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use std::os::fd::AsFd;
            #[doc = concat!("use selkie::net::", stringify!($socket), ";")]
            ///
            #[doc = concat!("let (one, two) = ", stringify!($socket), "::pair()?;")]
            /// let file = std::fs::File::open("/proc/self/exe")?;
            /// one.writable().await?;
            /// assert_eq!(one.try_send_with_fds(b"!", &[file.as_fd()])?, 1);
            /// # drop(two);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn try_send_with_fds(
                &self,
                buf: &[u8],
                fds: &[BorrowedFd<'_>],
            ) -> io::Result<usize> {
                check_arguments(buf, fds)?;
                let send = &mut || send((*self.io).as_fd(), buf, fds);
                self.io.registration().try_call(Interest::WRITABLE, send)
            }

            /// Receives into `buf`, waiting for something, and appends the descriptors that came with
            /// it to `fds`; returns how many bytes came.
            ///
            /// The descriptors are closed on exec. A receive that is not one of these closes what
            /// descriptors would have come. A datagram that does not fit is cut, as by any receive.
            ///
            /// # Errors
            /// What the system reports; or that descriptors were lost, since the process is at its limit
            /// of them: then those that did come are in `fds`, and the bytes are in `buf`, but how many
            /// is not told: [`recv_message_with_fds`](Self::recv_message_with_fds) tells.
            ///
            /// # Cancel safety
            /// Nothing is lost when the future is dropped.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use std::os::fd::AsFd;
            #[doc = concat!("use selkie::net::", stringify!($socket), ";")]
            ///
            #[doc = concat!("let (one, two) = ", stringify!($socket), "::pair()?;")]
            /// let file = std::fs::File::open("/proc/self/exe")?;
            /// one.send_with_fds(b"!", &[file.as_fd()]).await?;
            /// let mut fds = Vec::new();
            /// assert_eq!(two.recv_with_fds(&mut [0; 8], &mut fds).await?, 1);
            /// // A descriptor of our own, of the same open file.
            /// assert_eq!(fds.len(), 1);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub async fn recv_with_fds(
                &self,
                buf: &mut [u8],
                fds: &mut Vec<OwnedFd>,
            ) -> io::Result<usize> {
                self.recv_message_with_fds(buf, fds)
                    .await
                    .and_then(len_if_complete)
            }

            /// As [`recv_with_fds`](Self::recv_with_fds), if something is here.
            ///
            /// # Errors
            /// `WouldBlock` if nothing is here; otherwise as there.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use std::os::fd::AsFd;
            #[doc = concat!("use selkie::net::", stringify!($socket), ";")]
            ///
            #[doc = concat!("let (one, two) = ", stringify!($socket), "::pair()?;")]
            /// let file = std::fs::File::open("/proc/self/exe")?;
            /// one.send_with_fds(b"!", &[file.as_fd()]).await?;
            /// two.readable().await?;
            /// let mut fds = Vec::new();
            /// assert_eq!(two.try_recv_with_fds(&mut [0; 8], &mut fds)?, 1);
            /// assert_eq!(fds.len(), 1);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn try_recv_with_fds(
                &self,
                buf: &mut [u8],
                fds: &mut Vec<OwnedFd>,
            ) -> io::Result<usize> {
                self.try_recv_message_with_fds(buf, fds)
                    .and_then(len_if_complete)
            }

            /// Receives into `buf`, waiting for something, and appends the descriptors that came with
            /// it to `fds`; says what came, and what was cut.
            ///
            /// The descriptors are closed on exec. If the process is at its limit of descriptors, those
            /// for which there is room come, the first ones, and the system closes the rest: that is reported,
            /// and is no error. So is a datagram that did not fit into `buf`.
            ///
            /// # Errors
            /// What the system reports.
            ///
            /// # Cancel safety
            /// Nothing is lost when the future is dropped.
            ///
            /// # Cost
            /// A system call, and one before it if something must be waited for.
            ///
            /// # Examples
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            /// use std::os::fd::AsFd;
            ///
            #[doc = concat!("use selkie::net::", stringify!($socket), ";")]
            ///
            #[doc = concat!("let (one, two) = ", stringify!($socket), "::pair()?;")]
            /// let file = std::fs::File::open("/proc/self/exe")?;
            /// one.send_with_fds(b"tide", &[file.as_fd(), file.as_fd()]).await?;
            /// let (mut buf, mut fds) = ([0; 8], Vec::new());
            /// let came = two.recv_message_with_fds(&mut buf, &mut fds).await?;
            /// assert_eq!((&buf[..came.len], came.fds), (&b"tide"[..], 2));
            /// assert!(!came.truncated && !came.fds_truncated);
            /// # Ok(())
            /// # })
            /// # }
            /// ```
            #[inline]
            pub async fn recv_message_with_fds(
                &self,
                buf: &mut [u8],
                fds: &mut Vec<OwnedFd>,
            ) -> io::Result<MessageWithFds> {
                let recv = || recv((*self.io).as_fd(), buf, fds);
                self.io.call(Interest::READABLE, recv).await
            }

            /// As [`recv_message_with_fds`](Self::recv_message_with_fds), if something is here.
            ///
            /// # Errors
            /// `WouldBlock` if nothing is here; otherwise as there.
            ///
            /// # Examples
            /// ```
            /// # #[selkie::main(flavor = "current_thread")]
            /// # async fn main() -> std::io::Result<()> {
            /// use std::os::fd::AsFd;
            #[doc = concat!("use selkie::net::", stringify!($socket), ";")]
            ///
            #[doc = concat!("let (one, two) = ", stringify!($socket), "::pair()?;")]
            /// let file = std::fs::File::open("/proc/self/exe")?;
            /// one.send_with_fds(b"!", &[file.as_fd()]).await?;
            /// two.readable().await?;
            /// let mut fds = Vec::new();
            /// let message = two.try_recv_message_with_fds(&mut [0; 8], &mut fds)?;
            /// assert_eq!((message.len, message.fds), (1, 1));
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn try_recv_message_with_fds(
                &self,
                buf: &mut [u8],
                fds: &mut Vec<OwnedFd>,
            ) -> io::Result<MessageWithFds> {
                let recv = &mut || recv((*self.io).as_fd(), buf, fds);
                self.io.registration().try_call(Interest::READABLE, recv)
            }
        }
    };
}

rights!(UnixStream);
rights!(UnixDatagram);
