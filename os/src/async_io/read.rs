//! Reading bytes.

use std::io::{self, Cursor};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::read_buf::ReadBuf;

/// Reads bytes without blocking.
///
/// Methods that return futures are in `AsyncReadExt`.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::io;
/// use std::pin::Pin;
/// use std::task::{Context, Poll};
/// use selkie::io::{AsyncRead, AsyncReadExt, ReadBuf};
///
/// /// A reader that counts down.
/// struct Countdown(u8);
///
/// impl AsyncRead for Countdown {
///     fn poll_read(
///         mut self: Pin<&mut Self>,
///         _cx: &mut Context<'_>,
///         buf: &mut ReadBuf<'_>,
///     ) -> Poll<io::Result<()>> {
///         while self.0 > 0 && buf.remaining() > 0 {
///             self.0 -= 1;
///             buf.put_slice(&[self.0]);
///         }
///         // Nothing was put there: the end.
///         Poll::Ready(Ok(()))
///     }
/// }
///
/// let mut numbers = Vec::new();
/// Countdown(3).read_to_end(&mut numbers).await?;
/// assert_eq!(numbers, [2, 1, 0]);
/// # Ok(())
/// # }
/// ```
pub trait AsyncRead {
    /// Reads what is there into the unfilled part of `buf`, at once.
    ///
    /// If nothing is there the task is woken once that has changed. `Ready(Ok(()))` with `buf` as
    /// full as before means the end, unless it had no room.
    ///
    /// # Errors
    /// What the source returns, except `WouldBlock`, which is `Pending`.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>>;
}

macro_rules! forward_read {
    () => {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            Pin::new(&mut **self).poll_read(cx, buf)
        }
    };
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for Box<T> {
    forward_read!();
}

impl<T: ?Sized + AsyncRead + Unpin> AsyncRead for &mut T {
    forward_read!();
}

impl<P> AsyncRead for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncRead,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.as_deref_mut().poll_read(cx, buf)
    }
}

impl AsyncRead for &[u8] {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (head, tail) = self.split_at(self.len().min(buf.remaining()));
        buf.put_slice(head);
        *self = tail;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncRead for Cursor<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let position = self.position();
        let all = self.get_ref().as_ref();
        // A position past the end, or past the address space, reads nothing.
        let start = usize::try_from(position)
            .unwrap_or(usize::MAX)
            .min(all.len());
        let n = (all.len() - start).min(buf.remaining());
        buf.put_slice(&all[start..start + n]);
        self.set_position(position + n as u64);
        Poll::Ready(Ok(()))
    }
}
