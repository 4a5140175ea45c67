//! The two directions of any stream as two values.
//!
//! Idea        Both halves share the stream, which one of them polls at a time. A half that comes while the other
//!             polls tries again for a moment, then stores its waker and is pending: the stream, and the wakers
//!             that it clones and wakes, are foreign code, which may poll the other half.
//! States      FREE ─poll→ BUSY ─end of the poll→ FREE;
//!             BUSY ─the other half comes→ AWAITED ─end of the poll, which wakes it→ FREE
//! Invariants  I1 the stream is in an allocation that both halves share: it does not move until both are reunited,
//!                for which it must be `Unpin`.
//!             I2 only the half that changed the state from FREE to BUSY touches the stream.
//!             I3 a half that makes the state AWAITED has stored its waker before; the half that finds it so at the
//!                end of its poll wakes that waker.
//! Rejected    A mutex: a waker that the stream wakes during a poll, and that polls the other half, would wait for
//!             itself, and a worker would wait for the poll of another.
#![allow(unsafe_code)]

use std::fmt;
use std::io::{self, IoSlice};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use selkie_core::raw::coop;
use selkie_core::raw::platform::{AtomicU8, Ordering, UnsafeCell, limit, relax};
use selkie_core::raw::wake::WakerCell;

use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;
use crate::async_io::write::AsyncWrite;

const FREE: u8 = 0;
const BUSY: u8 = 1;
const AWAITED: u8 = 2;

/// How often a half that meets a poll of the other one tries again before it is pending; once in a model, which
/// follows each attempt.
const TRIES: usize = limit(64, 1);

struct Shared<T> {
    word: AtomicU8,
    /// The waker of the half that waits for the end of the poll of the other one.
    waiting: WakerCell,
    stream: UnsafeCell<T>,
    write_vectored: bool,
}

// SAFETY: the word gives the stream to one thread at a time (I2), so `T: Send` is enough.
unsafe impl<T: Send> Sync for Shared<T> {}

// After a poll that panics the stream is free for the next one, of whichever half.
impl<T> UnwindSafe for Shared<T> {}
impl<T> RefUnwindSafe for Shared<T> {}

/// One poll of the stream.
struct Polling<'a, T>(&'a Shared<T>);

impl<T> Drop for Polling<'_, T> {
    fn drop(&mut self) {
        // AcqRel: Release pairs with the Acquire in `begin`, which then sees what the poll did to the
        // stream; Acquire with the Release there, which left a waker (I3).
        if self.0.word.swap(FREE, Ordering::AcqRel) == AWAITED {
            self.0.waiting.wake_from_drop();
        }
    }
}

impl<T> Shared<T> {
    /// Begins a poll, unless the other half is polling: then `cx` is woken at the end of that.
    fn begin(&self, cx: &Context<'_>) -> Option<Polling<'_, T>> {
        for _ in 0..TRIES {
            if let Some(polling) = self.try_begin() {
                return Some(polling);
            }
            relax();
        }
        self.waiting.register(cx.waker());
        loop {
            // Release: pairs with the Acquire in `Polling::drop` (I3).
            match self
                .word
                .compare_exchange(BUSY, AWAITED, Ordering::Release, Ordering::Relaxed)
            {
                Ok(_) | Err(AWAITED) => return None,
                // The poll of the other half has ended meanwhile.
                Err(_) => {
                    if let Some(polling) = self.try_begin() {
                        return Some(polling);
                    }
                }
            }
        }
    }

    fn try_begin(&self) -> Option<Polling<'_, T>> {
        // Acquire: pairs with the Release in `Polling::drop`.
        self.word
            .compare_exchange(FREE, BUSY, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
            .then(|| Polling(self))
    }

    fn poll<R>(
        &self,
        cx: &mut Context<'_>,
        f: impl FnOnce(Pin<&mut T>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let Some(_polling) = self.begin(cx) else {
            coop::note_pending();
            return Poll::Pending;
        };
        self.stream.with_mut(|stream| {
            // SAFETY: nobody else touches it until the poll ends (I2).
            let stream = unsafe { &mut *stream };
            // SAFETY: the stream does not move while it is shared (I1).
            f(unsafe { Pin::new_unchecked(stream) }, cx)
        })
    }
}

/// The reading side of a stream; made by [`split`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, duplex, split};
///
/// async fn first_byte(mut reader: ReadHalf<DuplexStream>) -> std::io::Result<u8> {
///     reader.read_u8().await
/// }
///
/// let (ours, mut theirs) = duplex(16);
/// let (reader, _writer) = split(ours);
/// theirs.write_u8(9).await?;
/// assert_eq!(selkie::spawn(first_byte(reader)).await.unwrap()?, 9);
/// # Ok(())
/// # }
/// ```
pub struct ReadHalf<T> {
    shared: Arc<Shared<T>>,
}

/// The writing side of a stream; made by [`split`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, WriteHalf, duplex, split};
///
/// async fn greet(mut writer: WriteHalf<DuplexStream>) -> std::io::Result<()> {
///     writer.write_all(b"hello").await
/// }
///
/// let (ours, mut theirs) = duplex(16);
/// let (_reader, writer) = split(ours);
/// selkie::spawn(greet(writer)).await.unwrap()?;
/// let mut greeting = [0; 5];
/// theirs.read_exact(&mut greeting).await?;
/// assert_eq!(&greeting, b"hello");
/// # Ok(())
/// # }
/// ```
pub struct WriteHalf<T> {
    shared: Arc<Shared<T>>,
}

/// Divides `stream` into a side that reads and a side that writes.
///
/// [`ReadHalf::unsplit`] makes them one again. The stream closes when both have dropped.
///
/// # Cost
/// One allocation, and two read-modify-writes per poll; sockets have halves of their own that need neither.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt, duplex, split};
///
/// let (ours, theirs) = duplex(16);
/// // One task sends while another receives.
/// let (mut reader, mut writer) = split(theirs);
/// let sender = selkie::spawn(async move { writer.write_all(b"from them").await });
/// let (mut our_reader, mut our_writer) = split(ours);
/// our_writer.write_u8(1).await?;
/// assert_eq!(reader.read_u8().await?, 1);
/// let mut text = [0; 9];
/// our_reader.read_exact(&mut text).await?;
/// assert_eq!(&text, b"from them");
/// sender.await.unwrap()?;
/// # Ok(())
/// # }
/// ```
pub fn split<T>(stream: T) -> (ReadHalf<T>, WriteHalf<T>)
where
    T: AsyncRead + AsyncWrite,
{
    let write_vectored = stream.is_write_vectored();
    let shared = Arc::new(Shared {
        word: AtomicU8::new(FREE),
        waiting: WakerCell::new(),
        stream: UnsafeCell::new(stream),
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
    ///
    /// # Examples
    /// ```
    /// use selkie::io::{duplex, split};
    ///
    /// let (one, two) = duplex(16);
    /// let ((reader, writer), (_, other)) = (split(one), split(two));
    /// assert!(reader.is_pair_of(&writer) && !reader.is_pair_of(&other));
    /// ```
    pub fn is_pair_of(&self, other: &WriteHalf<T>) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// The stream, reunited.
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
    ///
    /// # Examples
    /// ```
    /// use selkie::io::{DuplexStream, duplex, split};
    ///
    /// let (ours, _theirs) = duplex(16);
    /// let (reader, writer) = split(ours);
    /// let whole: DuplexStream = reader.unsplit(writer);
    /// drop(whole);
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
        shared.stream.into_inner()
    }
}

impl<T> WriteHalf<T> {
    /// Whether both are halves of one stream.
    ///
    /// # Examples
    /// ```
    /// use selkie::io::{duplex, split};
    ///
    /// let (reader, writer) = split(duplex(16).0);
    /// assert!(writer.is_pair_of(&reader));
    /// ```
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
        self.shared.poll(cx, |stream, cx| stream.poll_read(cx, buf))
    }
}

impl<T: AsyncWrite> AsyncWrite for WriteHalf<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.shared
            .poll(cx, |stream, cx| stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.shared
            .poll(cx, |stream, cx| stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        self.shared.write_vectored
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.poll(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shared.poll(cx, |stream, cx| stream.poll_shutdown(cx))
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

#[cfg(all(test, loom))]
mod model;
