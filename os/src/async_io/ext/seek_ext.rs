//! The methods of sources that have a position.

use std::io::SeekFrom;
use std::marker::PhantomPinned;

use super::seek::Seek;
use crate::async_io::seek::AsyncSeek;

/// Methods of every [`AsyncSeek`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use std::io::Cursor;
/// use selkie::io::{AsyncSeekExt, AsyncWriteExt, SeekFrom};
///
/// let mut file = Cursor::new(Vec::new());
/// file.write_all(b"old text").await?;
/// file.seek(SeekFrom::Start(0)).await?;
/// file.write_all(b"new").await?;
/// assert_eq!(file.stream_position().await?, 3);
/// assert_eq!(file.into_inner(), b"new text");
/// # Ok(())
/// # }
/// ```
pub trait AsyncSeekExt: AsyncSeek {
    /// Moves to `pos` and returns where that is, from the start.
    ///
    /// # Errors
    /// What the source returns; a position before the start is one.
    ///
    /// # Cancel safety
    /// The move may or may not have happened when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// use selkie::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};
    ///
    /// let mut source = std::io::Cursor::new(b"seashore");
    /// source.seek(SeekFrom::End(-5)).await?;
    /// let mut rest = String::new();
    /// source.read_to_string(&mut rest).await?;
    /// assert_eq!(rest, "shore");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    fn seek(&mut self, pos: SeekFrom) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        Seek {
            source: self,
            position: Some(pos),
            pinned: PhantomPinned,
        }
    }

    /// Moves to the start.
    ///
    /// # Errors
    /// What the source returns.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Cursor;
    /// use selkie::io::{AsyncReadExt, AsyncSeekExt};
    ///
    /// let mut source = Cursor::new(b"twice");
    /// let mut text = String::new();
    /// source.read_to_string(&mut text).await?;
    /// source.rewind().await?;
    /// source.read_to_string(&mut text).await?;
    /// assert_eq!(text, "twicetwice");
    /// # Ok(())
    /// # }
    /// ```
    fn rewind(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Start(0))
    }

    /// The position, from the start.
    ///
    /// # Errors
    /// What the source returns.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Cursor;
    /// use selkie::io::{AsyncReadExt, AsyncSeekExt};
    ///
    /// let mut source = Cursor::new(b"0123456789");
    /// source.read_exact(&mut [0; 4]).await?;
    /// assert_eq!(source.stream_position().await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    fn stream_position(&mut self) -> Seek<'_, Self>
    where
        Self: Unpin,
    {
        self.seek(SeekFrom::Current(0))
    }
}

impl<S: AsyncSeek + ?Sized> AsyncSeekExt for S {}
