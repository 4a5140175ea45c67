//! The two directions of any stream as two values.
//!
//! Idea        Both hold the stream behind a lock that is taken for one poll.
//! Invariants  I1 the stream is in an allocation that both halves share: it does not move until
//!                both are one again, for which it must be `Unpin`.
//! Rejected    A bi-lock that keeps a waker for the half that comes second: a poll holds the lock
//!             for microseconds.
#![allow(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use crate::io::read::AsyncRead;
use crate::io::read_buf::ReadBuf;
use crate::io::write::AsyncWrite;

struct Shared<T> {
    stream: Mutex<T>,
    write_vectored: bool,
}

impl<T> Shared<T> {
    fn with<R>(&self, f: impl FnOnce(Pin<&mut T>) -> R) -> R {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the stream does not move while it is shared (I1).
        f(unsafe { Pin::new_unchecked(&mut *stream) })
    }
}

/// The reading side of a stream; made by [`split`].
pub struct ReadHalf<T> {
    shared: Arc<Shared<T>>,
}

/// The writing side of a stream; made by [`split`].
pub struct WriteHalf<T> {
    shared: Arc<Shared<T>>,
}

/// Divides `stream` into a side that reads and a side that writes.
///
/// [`ReadHalf::unsplit`] makes them one again. The stream closes when both have dropped.
///
/// # Cost
/// One allocation, and a lock for each poll; sockets have halves of their own that need neither.
pub fn split<T>(stream: T) -> (ReadHalf<T>, WriteHalf<T>)
where
    T: AsyncRead + AsyncWrite,
{
    let write_vectored = stream.is_write_vectored();
    let shared = Arc::new(Shared {
        stream: Mutex::new(stream),
        write_vectored,
    });
    (
        ReadHalf {
            shared: Arc::clone(&shared),
        },
        WriteHalf { shared },
    )
}

impl<T> ReadHalf<T> {
    /// Whether both are halves of one stream.
    pub fn is_pair_of(&self, other: &WriteHalf<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The stream, whole again.
    ///
    /// # Panics
    /// If the two are not halves of one stream; see [`is_pair_of`](Self::is_pair_of).
    ///
    /// A stream that must not move stays divided:
    /// ```compile_fail,E0277
    /// use selkie::io::{AsyncRead, AsyncWrite};
    ///
    /// fn whole<T: AsyncRead + AsyncWrite>(pinned: T) -> T {
    ///     let (read, write) = selkie::io::split(pinned);
    ///     read.unsplit(write)
    /// }
    /// ```
    #[track_caller]
    pub fn unsplit(self, wr: WriteHalf<T>) -> T
    where
        T: Unpin,
    {
        assert!(
            self.is_pair_of(&wr),
            "Unrelated `split::Write` passed to `split::Read::unsplit`."
        );
        drop(wr);
        let shared = Arc::into_inner(self.shared).expect("two halves share a stream");
        shared
            .stream
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> WriteHalf<T> {
    /// Whether both are halves of one stream.
    pub fn is_pair_of(&self, other: &ReadHalf<T>) -> bool {
        other.is_pair_of(self)
    }
}

impl<T: AsyncRead> AsyncRead for ReadHalf<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.shared.with(|stream| stream.poll_read(cx, buf))
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteHalf<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shared.with(|stream| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared
            .with(|stream| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.shared.write_vectored
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with(|stream| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.with(|stream| stream.poll_shutdown(cx))
    }
}

impl<T: fmt::Debug> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("split::ReadHalf").finish()
    }
}

impl<T: fmt::Debug> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("split::WriteHalf").finish()
    }
}
