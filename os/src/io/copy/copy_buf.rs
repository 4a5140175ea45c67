//! Everything from a buffered reader into a writer.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use crate::io::buf_read::AsyncBufRead;
use crate::io::write::AsyncWrite;

/// Copies everything from `reader` into `writer`, flushes it, and says how many bytes it was.
///
/// # Errors
/// The first of either side; `WriteZero` if the writer takes no more.
///
/// # Cancel safety
/// What is not written stays in the reader when the future is dropped; how much was copied before
/// is not known.
///
/// # Cost
/// No buffer beside the reader's.
pub async fn copy_buf<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> io::Result<u64>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut copied = 0;
    while let Some(n) = poll_fn(|cx| poll_step(cx, &mut *reader, &mut *writer)).await? {
        copied += n;
    }
    poll_fn(|cx| Pin::new(&mut *writer).poll_flush(cx)).await?;
    Ok(copied)
}

/// Writes what the reader has, once; `None` at its end.
fn poll_step<R, W>(
    cx: &mut Context<'_>,
    reader: &mut R,
    writer: &mut W,
) -> Poll<io::Result<Option<u64>>>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let unit = ready!(coop::poll_proceed(cx));
    let available = ready!(Pin::new(&mut *reader).poll_fill_buf(cx))?;
    if available.is_empty() {
        return Poll::Ready(Ok(None));
    }
    let n = ready!(Pin::new(writer).poll_write(cx, available))?;
    unit.made_progress();
    if n == 0 {
        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
    }
    Pin::new(reader).consume(n);
    Poll::Ready(Ok(Some(n as u64)))
}
