//! The two ends of a pipe that one reader has to itself.
//!
//! Idea        Who has borrowed a pipe mutably knows that there is no other reader, so its bytes may be looked at where they lie.
//! Invariants  I1 there is one [`PipeReader`] of a pipe, and nobody else reads it while that lives; it gives bytes away by methods
//!                that take it mutably, as the look at them does.
#![allow(unsafe_code)]

use core::fmt;

use super::pipe::FixedPipe;

impl<const N: usize> FixedPipe<N> {
    /// Borrows the pipe as a reader and a writer.
    ///
    /// # Examples
    /// ```
    /// use selkie_core::raw::platform::block_on;
    /// use selkie_core::sync::FixedPipe;
    ///
    /// let mut pipe = FixedPipe::<8>::new();
    /// let (mut reader, writer) = pipe.split();
    /// block_on(async {
    ///     writer.write_all(b"a,b").await;
    ///     let bytes = reader.fill_buf().await;
    ///     let comma = bytes.iter().position(|byte| *byte == b',').unwrap();
    ///     assert_eq!(&bytes[..comma], b"a");
    ///     reader.consume(comma + 1);
    ///     assert_eq!(reader.fill_buf().await, b"b");
    /// });
    /// ```
    pub fn split(&mut self) -> (PipeReader<'_, N>, PipeWriter<'_, N>) {
        let pipe = &*self;
        (PipeReader { pipe }, PipeWriter { pipe })
    }
}

/// The reader of a [`FixedPipe`] that was [split](FixedPipe::split): it looks at bytes where they lie.
///
/// # Examples
/// ```
/// use selkie::sync::FixedPipe;
///
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut pipe = FixedPipe::<16>::new();
/// let (mut reader, writer) = pipe.split();
/// writer.write_all(b"one\ntwo").await;
/// let line = reader.fill_buf().await.iter().position(|&byte| byte == b'\n');
/// reader.consume(line.unwrap() + 1);
/// assert_eq!(reader.fill_buf().await, b"two");
/// # }
/// ```
pub struct PipeReader<'a, const N: usize> {
    pipe: &'a FixedPipe<N>,
}

impl<const N: usize> PipeReader<'_, N> {
    /// As [`FixedPipe::read`].
    ///
    /// # Cancel safety
    /// A cancelled read takes nothing.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut pipe = FixedPipe::<16>::new();
    /// let (mut reader, writer) = pipe.split();
    /// writer.write_all(b"abc").await;
    /// let mut buffer = [0; 16];
    /// assert_eq!(reader.read(&mut buffer).await, 3);
    /// # }
    /// ```
    pub async fn read(&mut self, buffer: &mut [u8]) -> usize {
        self.pipe.read(buffer).await
    }

    /// As [`FixedPipe::try_read`].
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// let mut pipe = FixedPipe::<16>::new();
    /// let (mut reader, writer) = pipe.split();
    /// let mut buffer = [0; 16];
    /// assert_eq!(reader.try_read(&mut buffer), 0);
    /// writer.try_write(b"abc");
    /// assert_eq!(reader.try_read(&mut buffer), 3);
    /// ```
    pub fn try_read(&mut self, buffer: &mut [u8]) -> usize {
        self.pipe.try_read(buffer)
    }

    /// Waits until there are bytes, and returns those that lie in a row, one at least. They stay in the pipe until they are
    /// [consumed](Self::consume).
    ///
    /// # Cancel safety
    /// It takes nothing in any case.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut pipe = FixedPipe::<16>::new();
    /// let (mut reader, writer) = pipe.split();
    /// writer.write_all(b"abc").await;
    /// assert_eq!(reader.fill_buf().await, b"abc");
    /// assert_eq!(reader.fill_buf().await, b"abc");
    /// # }
    /// ```
    pub async fn fill_buf(&mut self) -> &[u8] {
        // SAFETY: the one reader, and borrowed mutably while the bytes are looked at (I1).
        unsafe { self.pipe.filled().await }
    }

    /// Removes the first `count` bytes; all, if there are fewer.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut pipe = FixedPipe::<16>::new();
    /// let (mut reader, writer) = pipe.split();
    /// writer.write_all(b"abc").await;
    /// reader.consume(2);
    /// assert_eq!(reader.fill_buf().await, b"c");
    /// # }
    /// ```
    pub fn consume(&mut self, count: usize) {
        self.pipe.consume(count);
    }

    /// Whether there are bytes to read.
    pub fn is_filled(&self) -> bool {
        !self.pipe.is_empty()
    }
}

/// A writer of a [`FixedPipe`] that was [split](FixedPipe::split); its copies write to the same pipe.
///
/// # Examples
/// ```
/// use selkie::sync::FixedPipe;
///
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut pipe = FixedPipe::<16>::new();
/// let (mut reader, writer) = pipe.split();
/// let other = writer;
/// selkie::join!(writer.write_all(b"a"), other.write_all(b"b"));
/// let mut buffer = [0; 16];
/// assert_eq!(reader.read(&mut buffer).await, 2);
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct PipeWriter<'a, const N: usize> {
    pipe: &'a FixedPipe<N>,
}

impl<const N: usize> PipeWriter<'_, N> {
    /// As [`FixedPipe::write`].
    ///
    /// # Cancel safety
    /// A cancelled write writes nothing.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut pipe = FixedPipe::<2>::new();
    /// let (_reader, writer) = pipe.split();
    /// assert_eq!(writer.write(b"abc").await, 2);
    /// # }
    /// ```
    pub async fn write(&self, bytes: &[u8]) -> usize {
        self.pipe.write(bytes).await
    }

    /// As [`FixedPipe::write_all`].
    ///
    /// # Cancel safety
    /// A cancelled call has written a part.
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut pipe = FixedPipe::<16>::new();
    /// let (mut reader, writer) = pipe.split();
    /// writer.write_all(b"abc").await;
    /// assert!(reader.is_filled());
    /// reader.consume(3);
    /// assert!(!reader.is_filled());
    /// # }
    /// ```
    pub async fn write_all(&self, bytes: &[u8]) {
        self.pipe.write_all(bytes).await;
    }

    /// As [`FixedPipe::try_write`].
    ///
    /// # Examples
    /// ```
    /// use selkie::sync::FixedPipe;
    ///
    /// let mut pipe = FixedPipe::<2>::new();
    /// let (_reader, writer) = pipe.split();
    /// assert_eq!(writer.try_write(b"abc"), 2);
    /// assert!(!writer.has_room());
    /// ```
    pub fn try_write(&self, bytes: &[u8]) -> usize {
        self.pipe.try_write(bytes)
    }

    /// Whether there is room for a byte.
    pub fn has_room(&self) -> bool {
        self.pipe.len() < N
    }
}

impl<const N: usize> fmt::Debug for PipeReader<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PipeReader").field(self.pipe).finish()
    }
}

impl<const N: usize> fmt::Debug for PipeWriter<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PipeWriter").field(self.pipe).finish()
    }
}
