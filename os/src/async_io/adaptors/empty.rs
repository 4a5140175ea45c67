//! A reader that is always at its end, and a writer that discards everything.

use std::io::{self, IoSlice, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use selkie_core::coop;

use crate::async_io::buf_read::AsyncBufRead;
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;
use crate::async_io::seek::AsyncSeek;
use crate::async_io::write::{AsyncWrite, total_len};

/// Always at its end; accepts and discards all that is written; made by [`empty`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::io::{AsyncRead, AsyncReadExt, Empty, empty};
///
/// /// Where a program may or may not have input.
/// fn input(given: Option<&'static [u8]>) -> Box<dyn AsyncRead + Unpin> {
///     match given {
///         Some(bytes) => Box::new(bytes),
///         None => Box::new(empty()),
///     }
/// }
///
/// let mut text = String::new();
/// input(None).read_to_string(&mut text).await?;
/// assert_eq!(text, "");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Empty(());

/// A reader that is always at its end, and a writer that takes all.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use selkie::io::AsyncReadExt;
///
/// assert_eq!(selkie::io::empty().read(&mut [0; 4]).await?, 0);
/// # Ok(())
/// # })
/// # }
/// ```
#[inline]
pub fn empty() -> Empty {
    Empty(())
}

/// `value`, for one unit of budget.
#[inline]
pub(super) fn charged<T>(cx: &mut Context<'_>, value: T) -> Poll<io::Result<T>> {
    ready!(coop::poll_proceed(cx)).made_progress();
    Poll::Ready(Ok(value))
}

impl AsyncRead for Empty {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        _buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        charged(cx, ())
    }
}

impl AsyncBufRead for Empty {
    #[inline]
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        charged(cx, &[])
    }

    #[inline]
    fn consume(self: Pin<&mut Self>, _amt: usize) {}
}

impl AsyncWrite for Empty {
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

impl AsyncSeek for Empty {
    #[inline]
    fn start_seek(self: Pin<&mut Self>, _position: SeekFrom) -> io::Result<()> {
        Ok(())
    }

    #[inline]
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        charged(cx, 0)
    }
}
