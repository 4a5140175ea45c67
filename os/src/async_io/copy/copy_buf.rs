//! A copy of everything from a buffered reader to a writer.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::buffer::{KeptFailure, poll_flush, unit_taker};
use crate::async_io::buf_read::AsyncBufRead;
use crate::async_io::interrupted::poll_retrying;
use crate::async_io::write::AsyncWrite;

/// Copies everything from `reader` into `writer`, flushes it, and returns how many bytes that was.
///
/// The writer is also flushed when the reader has nothing for now.
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
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{BufReader, copy_buf};
///
/// let mut reader = BufReader::new(&b"straight out of the reader's buffer"[..]);
/// let mut target = Vec::new();
/// assert_eq!(copy_buf(&mut reader, &mut target).await?, 35);
/// assert_eq!(target.len(), 35);
/// # Ok(())
/// # }
/// ```
pub async fn copy_buf<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> io::Result<u64>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut copied = 0;
    let mut unflushed = false;
    let mut outcome = KeptFailure::default();
    let end = poll_fn(|cx| {
        outcome.poll_or_keep(cx, |cx| {
            let mut take_unit = unit_taker();
            loop {
                let unit = ready!(take_unit(cx));
                let step = poll_step(cx, &mut *reader, &mut *writer, &mut unflushed);
                let Some(n) = ready!(step)? else {
                    unit.made_progress();
                    return Poll::Ready(Ok(()));
                };
                unit.made_progress();
                copied += n;
                unflushed = true;
            }
        })
    });
    end.await?;
    poll_fn(|cx| poll_flush(cx, Pin::new(&mut *writer))).await?;
    Ok(copied)
}

/// Writes what the reader has, once; `None` at its end.
fn poll_step<R, W>(
    cx: &mut Context<'_>,
    reader: &mut R,
    writer: &mut W,
    unflushed: &mut bool,
) -> Poll<io::Result<Option<u64>>>
where
    R: AsyncBufRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut waits_for_reader = false;
    let written = poll_retrying(cx, |cx| {
        let Poll::Ready(available) = Pin::new(&mut *reader).poll_fill_buf(cx)? else {
            waits_for_reader = true;
            return Poll::Pending;
        };
        if available.is_empty() {
            return Poll::Ready(Ok(None));
        }
        let n = ready!(Pin::new(&mut *writer).poll_write(cx, available))?;
        Poll::Ready(Ok(Some(n)))
    })?;
    match written {
        Poll::Ready(Some(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
        Poll::Ready(Some(n)) => {
            Pin::new(reader).consume(n);
            Poll::Ready(Ok(Some(n as u64)))
        }
        Poll::Ready(None) => Poll::Ready(Ok(None)),
        Poll::Pending => {
            // The peer may wait for what the writer gathered before it sends more.
            if waits_for_reader && *unflushed {
                ready!(poll_flush(cx, Pin::new(writer)))?;
                *unflushed = false;
            }
            Poll::Pending
        }
    }
}
