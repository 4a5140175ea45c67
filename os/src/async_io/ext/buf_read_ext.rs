//! The methods of buffered readers.

use std::marker::PhantomPinned;
use std::pin::Pin;

use super::buf_read::{FillBuf, Lines, ReadLine, ReadUntil, Split};
use crate::async_io::buf_read::AsyncBufRead;

/// Methods of every [`AsyncBufRead`].
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::io::AsyncBufReadExt;
///
/// let source: &[u8] = b"ebb\r\nflow\n";
/// let mut lines = source.lines();
/// assert_eq!(lines.next_line().await?.as_deref(), Some("ebb"));
/// assert_eq!(lines.next_line().await?.as_deref(), Some("flow"));
/// assert_eq!(lines.next_line().await?, None);
/// # Ok(())
/// # })
/// # }
/// ```
pub trait AsyncBufReadExt: AsyncBufRead {
    /// Appends all up to and with the next `byte`, or to the end, to `buf`; returns how many bytes.
    ///
    /// # Errors
    /// What the source returns; what was read before stays in `buf`.
    ///
    /// # Cancel safety
    /// What was read stays in `buf` when the future is dropped; call it again to go on.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncBufReadExt;
    ///
    /// let mut source: &[u8] = b"key=value";
    /// let mut key = Vec::new();
    /// assert_eq!(source.read_until(b'=', &mut key).await?, 4);
    /// assert_eq!((key.as_slice(), source), (&b"key="[..], &b"value"[..]));
    /// # Ok(())
    /// # }
    /// ```
    fn read_until<'a>(&'a mut self, byte: u8, buf: &'a mut Vec<u8>) -> ReadUntil<'a, Self>
    where
        Self: Unpin,
    {
        ReadUntil {
            reader: self,
            byte,
            buf,
            read: 0,
            pinned: PhantomPinned,
        }
    }

    /// Appends all up to and with the next `\n`, or to the end, to `buf`; returns how many bytes.
    ///
    /// # Errors
    /// `InvalidData` if the line is not UTF-8, and `buf` is as it was; what the source says
    /// otherwise.
    ///
    /// # Cancel safety
    /// Not cancel safe: `buf` is empty, and the line so far lost, when the future is dropped; see
    /// [`lines`](Self::lines).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncBufReadExt;
    ///
    /// let mut source: &[u8] = b"first\nlast";
    /// let mut line = String::new();
    /// assert_eq!(source.read_line(&mut line).await?, 6);
    /// assert_eq!(line, "first\n", "with its end");
    /// line.clear();
    /// source.read_line(&mut line).await?;
    /// assert_eq!(line, "last");
    /// assert_eq!(source.read_line(&mut line).await?, 0, "the end");
    /// # Ok(())
    /// # }
    /// ```
    fn read_line<'a>(&'a mut self, buf: &'a mut String) -> ReadLine<'a, Self>
    where
        Self: Unpin,
    {
        ReadLine::new(self, buf)
    }

    /// The parts of this reader between one `byte` and the next.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncBufReadExt, BufReader};
    ///
    /// let mut words = BufReader::new(&b"sea sand salt"[..]).split(b' ');
    /// let mut count = 0;
    /// while let Some(word) = words.next_segment().await? {
    ///     assert_eq!(word[0], b's');
    ///     count += 1;
    /// }
    /// assert_eq!(count, 3);
    /// # Ok(())
    /// # }
    /// ```
    fn split(self, byte: u8) -> Split<Self>
    where
        Self: Sized + Unpin,
    {
        Split::new(self, byte)
    }

    /// What is buffered; reads more if that is nothing. Empty means the end.
    ///
    /// # Errors
    /// What the source returns.
    ///
    /// # Cancel safety
    /// What was read stays in the reader's buffer when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncBufReadExt, BufReader};
    ///
    /// let mut reader = BufReader::new(&b"   text"[..]);
    /// // Looks at what is there and takes the blanks only.
    /// let blanks = reader.fill_buf().await?.iter().take_while(|byte| **byte == b' ').count();
    /// reader.consume(blanks);
    /// assert_eq!(reader.fill_buf().await?, b"text");
    /// # Ok(())
    /// # }
    /// ```
    fn fill_buf(&mut self) -> FillBuf<'_, Self>
    where
        Self: Unpin,
    {
        FillBuf {
            reader: Some(self),
            pinned: PhantomPinned,
        }
    }

    /// Drops the first `amt` bytes of what [`fill_buf`](Self::fill_buf) returned.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncBufReadExt, BufReader};
    ///
    /// let mut reader = BufReader::new(&b"abc"[..]);
    /// assert_eq!(reader.fill_buf().await?, b"abc");
    /// reader.consume(2);
    /// assert_eq!(reader.fill_buf().await?, b"c");
    /// # Ok(())
    /// # }
    /// ```
    fn consume(&mut self, amt: usize)
    where
        Self: Unpin,
    {
        Pin::new(self).consume(amt);
    }

    /// The lines of this reader, without their ends.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncBufReadExt, BufReader};
    ///
    /// let mut lines = BufReader::new(&b"1\n2\n3\n"[..]).lines();
    /// let mut sum = 0;
    /// while let Some(line) = lines.next_line().await? {
    ///     sum += line.parse::<u32>().unwrap();
    /// }
    /// assert_eq!(sum, 6);
    /// # Ok(())
    /// # }
    /// ```
    fn lines(self) -> Lines<Self>
    where
        Self: Sized,
    {
        Lines::new(self)
    }
}

impl<R: AsyncBufRead + ?Sized> AsyncBufReadExt for R {}
