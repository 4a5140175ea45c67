//! Reading from a buffer that the source owns.

use std::io::{self, BufRead, Cursor};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::read::AsyncRead;

/// A reader with a buffer of its own.
///
/// Methods that return futures are in `AsyncBufReadExt`.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::future::poll_fn;
/// use std::pin::Pin;
/// use selkie::io::AsyncBufRead;
///
/// /// Whether the next byte is `byte`; it stays where it is.
/// async fn begins_with(mut reader: Pin<&mut impl AsyncBufRead>, byte: u8) -> std::io::Result<bool> {
///     poll_fn(|cx| {
///         let buffered = std::task::ready!(reader.as_mut().poll_fill_buf(cx))?;
///         std::task::Poll::Ready(Ok(buffered.first() == Some(&byte)))
///     })
///     .await
/// }
///
/// let mut text: &[u8] = b"{}";
/// assert!(begins_with(Pin::new(&mut text), b'{').await?);
/// assert_eq!(text, b"{}");
/// # Ok(())
/// # }
/// ```
pub trait AsyncBufRead: AsyncRead {
    /// What is buffered; reads more from the source if that is nothing. Empty means the end.
    ///
    /// # Errors
    /// What the source returns, except `WouldBlock`, which is `Pending`.
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>>;

    /// Drops the first `amt` bytes of what [`poll_fill_buf`](Self::poll_fill_buf) returned.
    ///
    /// # Examples
    /// ```
    /// use std::pin::Pin;
    /// use selkie::io::AsyncBufRead;
    ///
    /// let mut text: &[u8] = b"  indented";
    /// Pin::new(&mut text).consume(2);
    /// assert_eq!(text, b"indented");
    /// ```
    fn consume(self: Pin<&mut Self>, amt: usize);
}

macro_rules! forward_buf_read {
    () => {
        fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
            Pin::new(&mut **self.get_mut()).poll_fill_buf(cx)
        }

        fn consume(mut self: Pin<&mut Self>, amt: usize) {
            Pin::new(&mut **self).consume(amt);
        }
    };
}

impl<T: ?Sized + AsyncBufRead + Unpin> AsyncBufRead for Box<T> {
    forward_buf_read!();
}

impl<T: ?Sized + AsyncBufRead + Unpin> AsyncBufRead for &mut T {
    forward_buf_read!();
}

impl<P> AsyncBufRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncBufRead,
{
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.as_deref_mut().poll_fill_buf(cx)
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        self.as_deref_mut().consume(amt);
    }
}

impl AsyncBufRead for &[u8] {
    fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(*self))
    }

    fn consume(mut self: Pin<&mut Self>, amt: usize) {
        *self = &self[amt..];
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncBufRead for Cursor<T> {
    fn poll_fill_buf(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(BufRead::fill_buf(self.get_mut()))
    }

    fn consume(self: Pin<&mut Self>, amt: usize) {
        BufRead::consume(self.get_mut(), amt);
    }
}
