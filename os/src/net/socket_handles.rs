//! Sockets as socket handles of Windows.
#![allow(unsafe_code)]

use std::os::windows::io::{
    AsRawSocket, AsSocket, BorrowedSocket, FromRawSocket, IntoRawSocket, RawSocket,
};

use super::tcp::listener::TcpListener;
use super::tcp::socket::TcpSocket;
use super::tcp::stream::TcpStream;
use super::udp::UdpSocket;

macro_rules! as_socket {
    ($($socket:ty => $source:ident),*) => {$(
        impl AsRawSocket for $socket {
            #[inline]
            fn as_raw_socket(&self) -> RawSocket {
                self.$source.as_raw_socket()
            }
        }

        impl AsSocket for $socket {
            #[inline]
            fn as_socket(&self) -> BorrowedSocket<'_> {
                self.$source.as_socket()
            }
        }
    )*};
}

as_socket!(TcpListener => io, TcpStream => io, UdpSocket => io, TcpSocket => inner);

impl IntoRawSocket for TcpSocket {
    #[inline]
    fn into_raw_socket(self) -> RawSocket {
        self.inner.into_raw_socket()
    }
}

impl FromRawSocket for TcpSocket {
    /// # Safety
    /// `socket` is an open TCP socket in non-blocking mode that nobody else owns.
    #[inline]
    unsafe fn from_raw_socket(socket: RawSocket) -> Self {
        // SAFETY: by the caller's promise.
        let inner = unsafe { socket2::Socket::from_raw_socket(socket) };
        Self { inner }
    }
}
