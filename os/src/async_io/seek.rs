//! Moving the position in a source.

use std::io::{self, Cursor, Seek, SeekFrom};
use std::ops::DerefMut;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A source whose position can be moved, in two steps.
///
/// Methods that return futures are in `AsyncSeekExt`.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::io::Cursor;
/// use selkie::io::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt, SeekFrom};
///
/// /// The byte at `position` of whatever can be moved in.
/// async fn byte_at(source: &mut (impl AsyncRead + AsyncSeek + Unpin), position: u64) -> std::io::Result<u8> {
///     source.seek(SeekFrom::Start(position)).await?;
///     source.read_u8().await
/// }
///
/// assert_eq!(byte_at(&mut Cursor::new(b"abc"), 2).await?, b'c');
/// # Ok(())
/// # }
/// ```
pub trait AsyncSeek {
    /// Begins to move to `position`.
    ///
    /// # Errors
    /// If another seek is in progress, or the position cannot be.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::future::poll_fn;
    /// use std::io::{Cursor, SeekFrom};
    /// use std::pin::Pin;
    /// use selkie::io::AsyncSeek;
    ///
    /// let mut source = Cursor::new(b"abc");
    /// let mut source = Pin::new(&mut source);
    /// // In two steps, as a future that is written by hand does it.
    /// source.as_mut().start_seek(SeekFrom::End(-1))?;
    /// assert_eq!(poll_fn(|cx| source.as_mut().poll_complete(cx)).await?, 2);
    /// # Ok(())
    /// # }
    /// ```
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()>;

    /// Completes the seek that was begun and returns the position of the source now, from its start; the
    /// position as it is if none was.
    ///
    /// # Errors
    /// What the source returns.
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>>;
}

macro_rules! forward_seek {
    () => {
        fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
            Pin::new(&mut **self).start_seek(position)
        }

        fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
            Pin::new(&mut **self).poll_complete(cx)
        }
    };
}

impl<T: ?Sized + AsyncSeek + Unpin> AsyncSeek for Box<T> {
    forward_seek!();
}

impl<T: ?Sized + AsyncSeek + Unpin> AsyncSeek for &mut T {
    forward_seek!();
}

impl<P> AsyncSeek for Pin<P>
where
    P: DerefMut,
    P::Target: AsyncSeek,
{
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        self.as_deref_mut().start_seek(position)
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.as_deref_mut().poll_complete(cx)
    }
}

impl<T: AsRef<[u8]> + Unpin> AsyncSeek for Cursor<T> {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Seek::seek(&mut *self, position).map(drop)
    }

    fn poll_complete(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position()))
    }
}
