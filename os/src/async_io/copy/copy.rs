//! A copy of everything from a reader to a writer.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;

use super::buffer::{CopyBuffer, DEFAULT_SIZE};
use crate::async_io::read::AsyncRead;
use crate::async_io::write::AsyncWrite;

/// Copies everything from `reader` into `writer`, flushes it, and returns how many bytes that was.
///
/// # Errors
/// The first of either side; `WriteZero` if the writer takes no more.
///
/// # Cancel safety
/// Not cancel safe: up to 8 KiB that were read and not written are lost.
///
/// # Cost
/// One buffer of 8 KiB; see [`copy_buf`](super::copy_buf::copy_buf) for a reader that has one.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let mut target = Vec::new();
/// let n = selkie::io::copy(&mut &b"spindrift"[..], &mut target).await?;
/// assert_eq!((n, &target[..]), (9, &b"spindrift"[..]));
/// # Ok(())
/// # })
/// # }
/// ```
pub async fn copy<'a, R, W>(reader: &'a mut R, writer: &'a mut W) -> io::Result<u64>
where
    R: AsyncRead + Unpin + ?Sized,
    W: AsyncWrite + Unpin + ?Sized,
{
    let mut buffer = CopyBuffer::new(DEFAULT_SIZE);
    poll_fn(|cx| buffer.poll_copy(cx, Pin::new(&mut *reader), Pin::new(&mut *writer))).await
}
