//! A connection in memory: two pipes, one per direction.
//!
//! Invariants  I1 no waker is cloned, woken or dropped while a pipe is locked: it is foreign code, and may use the
//!                other end.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use selkie_core::coop;
use selkie_core::raw::platform::Lock;
use selkie_core::raw::wake::WakeBatch;

use super::simplex::{SimplexStream, TryOutcome, wake};
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;
use crate::async_io::write::AsyncWrite;

/// One end of a connection in memory; made by [`duplex`].
///
/// When it is dropped the other end reads the end, and its writes fail.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
///
/// async fn echo(mut stream: DuplexStream) -> std::io::Result<()> {
///     let mut byte = [0];
///     while stream.read(&mut byte).await? == 1 {
///         stream.write_all(&byte).await?;
///     }
///     Ok(())
/// }
///
/// let (mut client, server) = duplex(16);
/// let server = selkie::spawn(echo(server));
/// client.write_u8(7).await?;
/// assert_eq!(client.read_u8().await?, 7);
/// drop(client);
/// server.await.unwrap()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DuplexStream {
    read: Arc<Lock<SimplexStream>>,
    write: Arc<Lock<SimplexStream>>,
}

/// A connection in memory: two ends, each direction of which holds up to `max_buf_size` bytes.
///
/// # Panics
/// If `max_buf_size` is zero.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use selkie::io::{AsyncReadExt, AsyncWriteExt};
///
/// let (mut client, mut server) = selkie::io::duplex(64);
/// client.write_all(b"ping").await?;
/// let mut buf = [0; 4];
/// server.read_exact(&mut buf).await?;
/// assert_eq!(&buf, b"ping");
/// # Ok(())
/// # })
/// # }
/// ```
#[track_caller]
#[inline]
pub fn duplex(max_buf_size: usize) -> (DuplexStream, DuplexStream) {
    let one = Arc::new(Lock::new(SimplexStream::new_unsplit(max_buf_size)));
    let two = Arc::new(Lock::new(SimplexStream::new_unsplit(max_buf_size)));
    let first = DuplexStream {
        read: Arc::clone(&one),
        write: Arc::clone(&two),
    };
    (
        first,
        DuplexStream {
            read: two,
            write: one,
        },
    )
}

/// Tries `attempt` on `pipe`, and stores the waker in `waiter` if that would block.
#[inline]
fn poll_pipe<R>(
    pipe: &Lock<SimplexStream>,
    cx: &mut Context<'_>,
    waiter: fn(&mut SimplexStream) -> &mut Option<Waker>,
    mut attempt: impl FnMut(&mut SimplexStream) -> TryOutcome<R>,
) -> Poll<R> {
    let unit = ready!(coop::poll_proceed(cx));
    // Outlives the lock (I1).
    let mut own = None;
    loop {
        let mut locked = pipe.lock();
        match attempt(&mut locked) {
            TryOutcome::Done(outcome, other) => {
                drop(locked);
                wake(other);
                unit.made_progress();
                return Poll::Ready(outcome);
            }
            TryOutcome::Blocked if own.is_some() => {
                std::mem::swap(waiter(&mut locked), &mut own);
                return Poll::Pending;
            }
            TryOutcome::Blocked => {
                let had = waiter(&mut locked).as_ref();
                if had.is_some_and(|had| had.will_wake(cx.waker())) {
                    return Poll::Pending;
                }
                drop(locked);
                own = Some(cx.waker().clone());
            }
        }
    }
}

impl AsyncRead for DuplexStream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        poll_pipe(&self.read, cx, SimplexStream::reader, |pipe| {
            pipe.try_read(buf)
        })
    }
}

impl AsyncWrite for DuplexStream {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_pipe(&self.write, cx, SimplexStream::writer, |pipe| {
            pipe.try_write(bufs)
        })
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(())) // The other end has it.
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let reader = self.write.lock().close_write();
        wake(reader); // I1
        Poll::Ready(Ok(()))
    }
}

impl Drop for DuplexStream {
    #[inline]
    fn drop(&mut self) {
        let reader = self.write.lock().close_write();
        let writer = self.read.lock().close_read();
        // I1; whichever panics, the other is woken.
        let mut woken = WakeBatch::new();
        if let Some(reader) = reader {
            woken.push(reader);
        }
        if let Some(writer) = writer {
            woken.push(writer);
        }
        woken.wake_all();
    }
}
