//! A writer that discards everything.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::empty::charged;
use crate::async_io::write::{AsyncWrite, total_len};

/// Accepts and discards all that is written; made by [`sink`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{Sink, copy, sink};
///
/// // Reads all there is, for its length alone.
/// let mut nowhere: Sink = sink();
/// let length = copy(&mut &b"how long is this?"[..], &mut nowhere).await?;
/// assert_eq!(length, 17);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sink(());

/// A writer that takes all and keeps nothing.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use selkie::io::AsyncWriteExt;
///
/// assert_eq!(selkie::io::sink().write(b"gone").await?, 4);
/// # Ok(())
/// # })
/// # }
/// ```
#[inline]
pub fn sink() -> Sink {
    Sink(())
}

impl AsyncWrite for Sink {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        charged(cx, buf.len())
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        charged(cx, total_len(bufs))
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        charged(cx, ())
    }

    #[inline]
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        charged(cx, ())
    }
}
