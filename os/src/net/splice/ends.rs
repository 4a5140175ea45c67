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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::net::{Splice, SpliceSource, SpliceTarget, UnixStream};
///
/// /// One direction of a proxy, between whatever the kernel can move bytes.
/// async fn forward(from: &impl SpliceSource, to: &impl SpliceTarget) -> std::io::Result<u64> {
///     Splice::new()?.copy(from, to, u64::MAX).await
/// }
///
/// let (client, near) = UnixStream::pair()?;
/// let (far, _server) = UnixStream::pair()?;
/// client.writable().await?;
/// client.try_write(b"hello")?;
/// drop(client);
/// assert_eq!(forward(&near, &far).await?, 5);
/// # Ok(())
/// # }
/// ```
pub trait SpliceSource: Stream + Sync {}

/// A stream that [`Splice`](super::copier::Splice) gives bytes to: [`TcpStream`], [`UnixStream`],
/// their writing halves, [`pipe::Sender`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::net::{Splice, SpliceTarget, UnixStream};
///
/// /// Sends a file to whatever the kernel can write to.
/// async fn send(file: &std::fs::File, to: &impl SpliceTarget) -> std::io::Result<u64> {
///     Splice::new()?.send_file(file, 0, to, u64::MAX).await
/// }
///
/// let path = std::env::temp_dir().join(format!("selkie-splice-target-{}", std::process::id()));
/// std::fs::write(&path, "file")?;
/// let (near, _far) = UnixStream::pair()?;
/// assert_eq!(send(&std::fs::File::open(&path)?, &near).await?, 4);
/// std::fs::remove_file(&path)?;
/// # Ok(())
/// # }
/// ```
pub trait SpliceTarget: Stream + Sync {}

macro_rules! sources {
    ($($stream:ty),*) => {$(
        impl Stream for $stream {
            #[inline]
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
            #[inline]
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
