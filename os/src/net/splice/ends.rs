//! The streams that can be spliced from and to.

use std::os::fd::{AsFd, BorrowedFd};

use crate::driver::Registration;
use crate::net::tcp;
use crate::net::tcp::stream::TcpStream;
use crate::net::unix;
use crate::net::unix::pipe;
use crate::net::unix::stream::UnixStream;

/// A descriptor, and the registration for its readiness.
#[derive(Debug, Clone, Copy)]
pub struct SpliceEnd<'a> {
    pub(super) registration: &'a Registration,
    pub(super) fd: BorrowedFd<'a>,
}

/// What makes [`SpliceSource`] and [`SpliceTarget`] this crate's alone.
pub trait Stream {
    /// The stream, for the system.
    fn end(&self) -> SpliceEnd<'_>;
}

/// A stream that [`Splice`](super::copier::Splice) takes bytes from: [`TcpStream`], [`UnixStream`],
/// their reading halves, [`pipe::Receiver`].
pub trait SpliceSource: Stream + Sync {}

/// A stream that [`Splice`](super::copier::Splice) gives bytes to: [`TcpStream`], [`UnixStream`],
/// their writing halves, [`pipe::Sender`].
pub trait SpliceTarget: Stream + Sync {}

macro_rules! sources {
    ($($stream:ty),*) => {$(
        impl Stream for $stream {
            fn end(&self) -> SpliceEnd<'_> {
                SpliceEnd {
                    registration: self.io.registration(),
                    fd: (*self.io).as_fd(),
                }
            }
        }
    )*};
}

macro_rules! halves {
    ($($half:ty => $stream:ty),*) => {$(
        impl Stream for $half {
            fn end(&self) -> SpliceEnd<'_> {
                AsRef::<$stream>::as_ref(self).end()
            }
        }
    )*};
}

sources!(TcpStream, UnixStream, pipe::Receiver, pipe::Sender);
halves!(tcp::ReadHalf<'_> => TcpStream, tcp::OwnedReadHalf => TcpStream);
halves!(tcp::WriteHalf<'_> => TcpStream, tcp::OwnedWriteHalf => TcpStream);
halves!(unix::ReadHalf<'_> => UnixStream, unix::OwnedReadHalf => UnixStream);
halves!(unix::WriteHalf<'_> => UnixStream, unix::OwnedWriteHalf => UnixStream);

macro_rules! marks {
    ($mark:ident: $($stream:ty),*) => {
        $(impl $mark for $stream {})*
    };
}

marks!(SpliceSource: TcpStream, tcp::ReadHalf<'_>, tcp::OwnedReadHalf);
marks!(SpliceSource: UnixStream, unix::ReadHalf<'_>, unix::OwnedReadHalf, pipe::Receiver);
marks!(SpliceTarget: TcpStream, tcp::WriteHalf<'_>, tcp::OwnedWriteHalf);
marks!(SpliceTarget: UnixStream, unix::WriteHalf<'_>, unix::OwnedWriteHalf, pipe::Sender);
