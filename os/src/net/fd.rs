//! Sockets as file descriptors.
#![allow(unsafe_code)]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, RawFd};

use super::tcp::listener::TcpListener;
use super::tcp::socket::TcpSocket;
use super::tcp::stream::TcpStream;
use super::udp::UdpSocket;
use super::unix::datagram::UnixDatagram;
use super::unix::listener::UnixListener;
use super::unix::socket::UnixSocket;
use super::unix::stream::UnixStream;

macro_rules! as_fd {
    ($($socket:ty => $source:ident),*) => {$(
        impl AsRawFd for $socket {
            #[inline]
            fn as_raw_fd(&self) -> RawFd {
                self.$source.as_raw_fd()
            }
        }

        impl AsFd for $socket {
            #[inline]
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.$source.as_fd()
            }
        }
    )*};
}

as_fd!(TcpListener => io, TcpStream => io, UdpSocket => io, TcpSocket => inner);
as_fd!(UnixDatagram => io, UnixListener => io, UnixStream => io, UnixSocket => inner);

macro_rules! raw_fd {
    ($($socket:ident),*) => {$(
        impl IntoRawFd for $socket {
            #[inline]
            fn into_raw_fd(self) -> RawFd {
                self.inner.into_raw_fd()
            }
        }

        impl FromRawFd for $socket {
            /// # Safety
            /// `fd` is an open descriptor that nobody else owns, of such a socket in non-blocking
            /// mode.
            #[inline]
            unsafe fn from_raw_fd(fd: RawFd) -> Self {
                // SAFETY: by the caller's promise.
                let inner = unsafe { socket2::Socket::from_raw_fd(fd) };
                Self { inner }
            }
        }
    )*};
}

raw_fd!(TcpSocket, UnixSocket);
