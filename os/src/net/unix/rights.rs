//! Descriptors that travel through Unix sockets (`SCM_RIGHTS`).

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::cmsg_space;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

use super::datagram::UnixDatagram;
use super::stream::UnixStream;
use crate::io::Interest;

/// Descriptors that one message carries at most; the system's own limit.
const MAX_DESCRIPTORS: usize = 253;
const CONTROL_BYTES: usize = cmsg_space!(ScmRights(MAX_DESCRIPTORS));

fn checked(buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let wrong = if fds.len() > MAX_DESCRIPTORS {
        format!("too many descriptors: {} of {MAX_DESCRIPTORS}", fds.len())
    } else if buf.is_empty() {
        "descriptors travel with at least one byte".to_owned()
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
}

fn send(socket: BorrowedFd<'_>, buf: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); CONTROL_BYTES];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        let fits = control.push(SendAncillaryMessage::ScmRights(fds));
        debug_assert!(fits);
    }
    let sent = sendmsg(
        socket,
        &[IoSlice::new(buf)],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(sent)
}

fn recv(socket: BorrowedFd<'_>, buf: &mut [u8], fds: &mut Vec<OwnedFd>) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); CONTROL_BYTES];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [IoSliceMut::new(buf)];
    let message = recvmsg(socket, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    for part in control.drain() {
        if let RecvAncillaryMessage::ScmRights(came) = part {
            fds.extend(came);
        }
    }
    if message.flags.contains(ReturnFlags::CTRUNC) {
        let text = "descriptors were lost: this process may open no more";
        return Err(io::Error::other(text));
    }
    Ok(message.bytes)
}

macro_rules! rights {
    ($socket:ident) => {
        impl $socket {
            /// Sends `buf` with duplicates of the descriptors `fds`, waiting for room; says how many
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
            /// # Example
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
            pub async fn send_with_fds(
                &self,
                buf: &[u8],
                fds: &[BorrowedFd<'_>],
            ) -> io::Result<usize> {
                checked(buf, fds)?;
                let send = || send((*self.io).as_fd(), buf, fds);
                self.io.call(Interest::WRITABLE, send).await
            }

            /// As [`send_with_fds`](Self::send_with_fds), if there is room now.
            ///
            /// # Errors
            /// Would-block if there is no room; otherwise as there.
            pub fn try_send_with_fds(
                &self,
                buf: &[u8],
                fds: &[BorrowedFd<'_>],
            ) -> io::Result<usize> {
                checked(buf, fds)?;
                let send = || send((*self.io).as_fd(), buf, fds);
                self.io.try_call(Interest::WRITABLE, send)
            }

            /// Receives into `buf`, waiting for something, and appends the descriptors that came with
            /// it to `fds`; says how many bytes came.
            ///
            /// The descriptors are closed on exec. A receive that is not one of these closes what
            /// descriptors would have come.
            ///
            /// # Errors
            /// What the system says; or that descriptors were lost, since the process is at its limit
            /// of them: then those that did come are in `fds`, and the bytes are in `buf`.
            ///
            /// # Cancel safety
            /// Nothing is lost when the future is dropped.
            pub async fn recv_with_fds(
                &self,
                buf: &mut [u8],
                fds: &mut Vec<OwnedFd>,
            ) -> io::Result<usize> {
                let recv = || recv((*self.io).as_fd(), buf, fds);
                self.io.call(Interest::READABLE, recv).await
            }

            /// As [`recv_with_fds`](Self::recv_with_fds), if something is here.
            ///
            /// # Errors
            /// Would-block if nothing is here; otherwise as there.
            pub fn try_recv_with_fds(
                &self,
                buf: &mut [u8],
                fds: &mut Vec<OwnedFd>,
            ) -> io::Result<usize> {
                let recv = || recv((*self.io).as_fd(), buf, fds);
                self.io.try_call(Interest::READABLE, recv)
            }
        }
    };
}

rights!(UnixStream);
rights!(UnixDatagram);
