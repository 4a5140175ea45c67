//! The methods of readers.

use std::marker::PhantomPinned;

use bytes::BufMut;

use super::read::{Read, ReadBufFuture, ReadExact};
use super::read_number::ReadNumber;
use super::read_to_end::{ReadToEnd, ReadToString};
use crate::async_io::adaptors::{Chain, Take};
use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;

macro_rules! read_number {
    ($($name:ident: $t:ty = $from:ident, $order:literal;)*) => {$(
        #[doc = concat!("Reads one `", stringify!($t), "`, ", $order, ".")]
        ///
        /// # Errors
        /// `UnexpectedEof` if the source ends before; what the source returns otherwise.
        ///
        /// # Cancel safety
        /// Not cancel safe: bytes that were read are lost when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::AsyncReadExt;
        ///
        #[doc = concat!("let bytes = [64; size_of::<", stringify!($t), ">()];")]
        /// let mut source: &[u8] = &bytes;
        #[doc = concat!("let number: ", stringify!($t), " = source.", stringify!($name), "().await?;")]
        #[doc = concat!("assert_eq!(number, ", stringify!($t), "::", stringify!($from), "(bytes));")]
        #[doc = concat!("assert!(source.", stringify!($name), "().await.is_err(), \"the end\");")]
        /// # Ok(())
        /// # }
        /// ```
        fn $name(&mut self) -> ReadNumber<'_, Self, $t, [u8; size_of::<$t>()]>
        where
            Self: Unpin,
        {
            ReadNumber::new(self, <$t>::$from)
        }
    )*};
}

/// Methods of every [`AsyncRead`].
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::io::AsyncReadExt;
///
/// let mut source: &[u8] = &[0x5e, 0x1c, b'i', b'e'];
/// assert_eq!(source.read_u16().await?, 0x5e1c);
/// let mut rest = Vec::new();
/// assert_eq!(source.read_to_end(&mut rest).await?, 2);
/// assert_eq!(rest, b"ie");
/// # Ok(())
/// # })
/// # }
/// ```
pub trait AsyncReadExt: AsyncRead {
    /// A reader of this source to its end, and then of `next`.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    ///
    /// // What was read ahead goes before the rest of the source.
    /// let (ahead, rest): (&[u8], &[u8]) = (b"GET ", b"/index");
    /// let mut request = String::new();
    /// ahead.chain(rest).read_to_string(&mut request).await?;
    /// assert_eq!(request, "GET /index");
    /// # Ok(())
    /// # }
    /// ```
    fn chain<R>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
        R: AsyncRead,
    {
        Chain::new(self, next)
    }

    /// Reads what is there into `buf`, waiting for something, and returns how many bytes that was.
    ///
    /// Zero means the end, or that `buf` has no room.
    ///
    /// # Errors
    /// What the source returns.
    ///
    /// # Cancel safety
    /// Nothing was read if the future is dropped before it is ready.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt, duplex};
    ///
    /// let (mut client, mut server) = duplex(64);
    /// client.write_all(b"hello").await?;
    /// drop(client);
    /// let mut buffer = [0; 16];
    /// // As much as there is: it does not wait until the buffer is full.
    /// assert_eq!(server.read(&mut buffer).await?, 5);
    /// assert_eq!(&buffer[..5], b"hello");
    /// assert_eq!(server.read(&mut buffer).await?, 0, "the end");
    /// # Ok(())
    /// # }
    /// ```
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Read<'a, Self>
    where
        Self: Unpin,
    {
        Read {
            reader: self,
            buf,
            pinned: PhantomPinned,
        }
    }

    /// Appends what is there to `buf`, waiting for something, and returns how many bytes that was.
    ///
    /// Zero means the end, or that `buf` has no room. A buffer that grows, as a `Vec` does, has
    /// always room; how much is read at once depends on its spare capacity.
    ///
    /// # Errors
    /// What the source returns.
    ///
    /// # Cancel safety
    /// Nothing was read if the future is dropped before it is ready.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt, duplex};
    ///
    /// let (mut client, mut server) = duplex(64);
    /// let mut received = Vec::with_capacity(64);
    /// client.write_all(b"first ").await?;
    /// assert_eq!(server.read_buf(&mut received).await?, 6);
    /// client.write_all(b"second").await?;
    /// server.read_buf(&mut received).await?;
    /// assert_eq!(received, b"first second", "each read appends");
    /// # Ok(())
    /// # }
    /// ```
    fn read_buf<'a, B>(&'a mut self, buf: &'a mut B) -> ReadBufFuture<'a, Self, B>
    where
        Self: Unpin,
        B: BufMut + ?Sized,
    {
        ReadBufFuture {
            reader: self,
            buf,
            pinned: PhantomPinned,
        }
    }

    /// Reads until `buf` is full.
    ///
    /// # Errors
    /// `UnexpectedEof` if the source ends before; what the source returns otherwise. How much of
    /// `buf` was filled then is not known.
    ///
    /// # Cancel safety
    /// Not cancel safe: bytes that were read are in `buf`, but not how many.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    ///
    /// let mut source: &[u8] = b"\x03abc!";
    /// let length = source.read_u8().await?;
    /// let mut message = vec![0; usize::from(length)];
    /// source.read_exact(&mut message).await?;
    /// assert_eq!(message, b"abc");
    /// // One byte is left, not two.
    /// let error = source.read_exact(&mut [0; 2]).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    /// # Ok(())
    /// # }
    /// ```
    fn read_exact<'a>(&'a mut self, buf: &'a mut [u8]) -> ReadExact<'a, Self>
    where
        Self: Unpin,
    {
        ReadExact {
            reader: self,
            buf: ReadBuf::new(buf),
            pinned: PhantomPinned,
        }
    }

    read_number! {
        read_u8: u8 = from_be_bytes, "a byte";
        read_i8: i8 = from_be_bytes, "a byte";
        read_u16: u16 = from_be_bytes, "big-endian";
        read_i16: i16 = from_be_bytes, "big-endian";
        read_u32: u32 = from_be_bytes, "big-endian";
        read_i32: i32 = from_be_bytes, "big-endian";
        read_u64: u64 = from_be_bytes, "big-endian";
        read_i64: i64 = from_be_bytes, "big-endian";
        read_u128: u128 = from_be_bytes, "big-endian";
        read_i128: i128 = from_be_bytes, "big-endian";
        read_f32: f32 = from_be_bytes, "big-endian";
        read_f64: f64 = from_be_bytes, "big-endian";
        read_u16_le: u16 = from_le_bytes, "little-endian";
        read_i16_le: i16 = from_le_bytes, "little-endian";
        read_u32_le: u32 = from_le_bytes, "little-endian";
        read_i32_le: i32 = from_le_bytes, "little-endian";
        read_u64_le: u64 = from_le_bytes, "little-endian";
        read_i64_le: i64 = from_le_bytes, "little-endian";
        read_u128_le: u128 = from_le_bytes, "little-endian";
        read_i128_le: i128 = from_le_bytes, "little-endian";
        read_f32_le: f32 = from_le_bytes, "little-endian";
        read_f64_le: f64 = from_le_bytes, "little-endian";
    }

    /// Appends everything up to the end to `buf` and returns how many bytes that was.
    ///
    /// # Errors
    /// What the source returns; what was read before stays in `buf`.
    ///
    /// # Cancel safety
    /// What was read stays in `buf` when the future is dropped.
    ///
    /// # Cost
    /// A `buf` that has room for exactly what comes is not grown.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt, duplex};
    ///
    /// let (mut client, mut server) = duplex(4);
    /// let sender = selkie::spawn(async move { client.write_all(b"longer than the buffer").await });
    /// let mut all = Vec::new();
    /// // Ends when the client is dropped.
    /// assert_eq!(server.read_to_end(&mut all).await?, 22);
    /// sender.await.unwrap()?;
    /// # Ok(())
    /// # }
    /// ```
    fn read_to_end<'a>(&'a mut self, buf: &'a mut Vec<u8>) -> ReadToEnd<'a, Self>
    where
        Self: Unpin,
    {
        ReadToEnd::new(self, buf)
    }

    /// Appends everything up to the end to `dst`, as text, and returns how many bytes that was.
    ///
    /// # Errors
    /// `InvalidData` if it is not UTF-8; what the source returns otherwise. `dst` is then as it was.
    ///
    /// # Cancel safety
    /// Not cancel safe: `dst` is empty when the future is dropped before it is ready.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    ///
    /// let mut text = String::from("> ");
    /// let mut source: &[u8] = "grüße".as_bytes();
    /// assert_eq!(source.read_to_string(&mut text).await?, 7);
    /// assert_eq!(text, "> grüße");
    /// assert!((&[0xff_u8][..]).read_to_string(&mut text).await.is_err(), "no UTF-8");
    /// # Ok(())
    /// # }
    /// ```
    fn read_to_string<'a>(&'a mut self, dst: &'a mut String) -> ReadToString<'a, Self>
    where
        Self: Unpin,
    {
        ReadToString::new(self, dst)
    }

    /// A reader of at most `limit` bytes of this source.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::AsyncReadExt;
    ///
    /// let mut source: &[u8] = b"0123456789";
    /// let mut first = String::new();
    /// // Never more than that, whatever a peer sends.
    /// (&mut source).take(4).read_to_string(&mut first).await?;
    /// assert_eq!((first.as_str(), source), ("0123", &b"456789"[..]));
    /// # Ok(())
    /// # }
    /// ```
    fn take(self, limit: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, limit)
    }
}

impl<R: AsyncRead + ?Sized> AsyncReadExt for R {}
