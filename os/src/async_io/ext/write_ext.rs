//! The methods of writers.

use std::io::IoSlice;
use std::marker::PhantomPinned;

use bytes::Buf;

use super::write::{Flush, Shutdown, Write, WriteAll, WriteAllBuf, WriteBuf, WriteVectored};
use super::write_number::WriteNumber;
use crate::async_io::write::AsyncWrite;

macro_rules! write_number {
    ($($name:ident: $t:ty = $to:ident, $order:literal;)*) => {$(
        #[doc = concat!("Writes one `", stringify!($t), "`, ", $order, ".")]
        ///
        /// # Errors
        /// `WriteZero` if the target takes no more; what the target returns otherwise.
        ///
        /// # Cancel safety
        /// Not cancel safe: a part may have been written when the future is dropped.
        ///
        /// # Examples
        /// ```
        /// # #[selkie::main(flavor = "current_thread")]
        /// # async fn main() -> std::io::Result<()> {
        /// use selkie::io::AsyncWriteExt;
        ///
        #[doc = concat!("let number = 100 as ", stringify!($t), ";")]
        /// let mut target = Vec::new();
        #[doc = concat!("target.", stringify!($name), "(number).await?;")]
        #[doc = concat!("assert_eq!(target, number.", stringify!($to), "());")]
        /// # Ok(())
        /// # }
        /// ```
        fn $name(&mut self, n: $t) -> WriteNumber<'_, Self, [u8; size_of::<$t>()]>
        where
            Self: Unpin,
        {
            WriteNumber::new(self, n.$to())
        }
    )*};
}

/// Methods of every [`AsyncWrite`].
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use selkie::io::AsyncWriteExt;
///
/// let mut target = Vec::new();
/// target.write_u16(0x5e1c).await?;
/// target.write_all(b"ie").await?;
/// assert_eq!(target, [0x5e, 0x1c, b'i', b'e']);
/// # Ok(())
/// # })
/// # }
/// ```
pub trait AsyncWriteExt: AsyncWrite {
    /// Writes as much of `src` as there is room for, waiting for some, and returns how many bytes.
    ///
    /// # Errors
    /// What the target returns.
    ///
    /// # Cancel safety
    /// Nothing was written if the future is dropped before it is ready.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncWriteExt, duplex};
    ///
    /// let (mut writer, _reader) = duplex(4);
    /// // There is room for four of these.
    /// assert_eq!(writer.write(b"abcdef").await?, 4);
    /// # Ok(())
    /// # }
    /// ```
    fn write<'a>(&'a mut self, src: &'a [u8]) -> Write<'a, Self>
    where
        Self: Unpin,
    {
        Write {
            writer: self,
            buf: src,
            pinned: PhantomPinned,
        }
    }

    /// As [`write`](Self::write), from several buffers in order.
    ///
    /// # Errors
    /// What the target returns.
    ///
    /// # Cancel safety
    /// Nothing was written if the future is dropped before it is ready.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::IoSlice;
    /// use selkie::io::AsyncWriteExt;
    ///
    /// let mut target = Vec::new();
    /// // Header and body in one call, without a copy that joins them.
    /// let parts = [IoSlice::new(b"header "), IoSlice::new(b"body")];
    /// assert_eq!(target.write_vectored(&parts).await?, 11);
    /// assert_eq!(target, b"header body");
    /// # Ok(())
    /// # }
    /// ```
    fn write_vectored<'a, 'b>(&'a mut self, bufs: &'a [IoSlice<'b>]) -> WriteVectored<'a, 'b, Self>
    where
        Self: Unpin,
    {
        WriteVectored {
            writer: self,
            bufs,
            pinned: PhantomPinned,
        }
    }

    /// Writes as much of `src` as there is room for, moves it on, and returns how many bytes that was.
    ///
    /// # Errors
    /// What the target returns.
    ///
    /// # Cancel safety
    /// Nothing was written if the future is dropped before it is ready.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use bytes::{Buf, Bytes};
    /// use selkie::io::{AsyncWriteExt, duplex};
    ///
    /// let (mut writer, _reader) = duplex(4);
    /// let mut message = Bytes::from_static(b"abcdef");
    /// assert_eq!(writer.write_buf(&mut message).await?, 4);
    /// assert_eq!(message.chunk(), b"ef", "what is left to write");
    /// # Ok(())
    /// # }
    /// ```
    fn write_buf<'a, B>(&'a mut self, src: &'a mut B) -> WriteBuf<'a, Self, B>
    where
        Self: Sized + Unpin,
        B: Buf,
    {
        WriteBuf {
            writer: self,
            buf: src,
            pinned: PhantomPinned,
        }
    }

    /// Writes all of `src` and moves it on as it goes.
    ///
    /// # Errors
    /// `WriteZero` if the target takes no more; what the target returns otherwise.
    ///
    /// # Cancel safety
    /// `src` stands after what was written when the future is dropped; call it again to go on.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use bytes::{Buf, Bytes};
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt, duplex};
    ///
    /// let (mut writer, mut reader) = duplex(4);
    /// let mut message = Bytes::from_static(b"abcdef");
    /// selkie::select! {
    ///     biased;
    ///     _ = writer.write_all_buf(&mut message) => unreachable!("there is room for four"),
    ///     () = std::future::ready(()) => {}
    /// }
    /// // The message knows how much of it was written.
    /// assert_eq!(message.remaining(), 2);
    /// reader.read_exact(&mut [0; 4]).await?;
    /// writer.write_all_buf(&mut message).await?;
    /// # Ok(())
    /// # }
    /// ```
    fn write_all_buf<'a, B>(&'a mut self, src: &'a mut B) -> WriteAllBuf<'a, Self, B>
    where
        Self: Sized + Unpin,
        B: Buf,
    {
        WriteAllBuf {
            writer: self,
            buf: src,
            pinned: PhantomPinned,
        }
    }

    /// Writes all of `src`.
    ///
    /// # Errors
    /// `WriteZero` if the target takes no more; what the target returns otherwise.
    ///
    /// # Cancel safety
    /// Not cancel safe: a part may have been written when the future is dropped; see
    /// [`write_all_buf`](Self::write_all_buf).
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt, duplex};
    ///
    /// let (mut writer, mut reader) = duplex(4);
    /// let sender = selkie::spawn(async move {
    ///     // Waits for room as often as it takes.
    ///     writer.write_all(b"a longer message").await
    /// });
    /// let mut received = String::new();
    /// reader.read_to_string(&mut received).await?;
    /// assert_eq!(received, "a longer message");
    /// sender.await.unwrap()?;
    /// # Ok(())
    /// # }
    /// ```
    fn write_all<'a>(&'a mut self, src: &'a [u8]) -> WriteAll<'a, Self>
    where
        Self: Unpin,
    {
        WriteAll {
            writer: self,
            buf: src,
            pinned: PhantomPinned,
        }
    }

    write_number! {
        write_u8: u8 = to_be_bytes, "a byte";
        write_i8: i8 = to_be_bytes, "a byte";
        write_u16: u16 = to_be_bytes, "big-endian";
        write_i16: i16 = to_be_bytes, "big-endian";
        write_u32: u32 = to_be_bytes, "big-endian";
        write_i32: i32 = to_be_bytes, "big-endian";
        write_u64: u64 = to_be_bytes, "big-endian";
        write_i64: i64 = to_be_bytes, "big-endian";
        write_u128: u128 = to_be_bytes, "big-endian";
        write_i128: i128 = to_be_bytes, "big-endian";
        write_f32: f32 = to_be_bytes, "big-endian";
        write_f64: f64 = to_be_bytes, "big-endian";
        write_u16_le: u16 = to_le_bytes, "little-endian";
        write_i16_le: i16 = to_le_bytes, "little-endian";
        write_u32_le: u32 = to_le_bytes, "little-endian";
        write_i32_le: i32 = to_le_bytes, "little-endian";
        write_u64_le: u64 = to_le_bytes, "little-endian";
        write_i64_le: i64 = to_le_bytes, "little-endian";
        write_u128_le: u128 = to_le_bytes, "little-endian";
        write_i128_le: i128 = to_le_bytes, "little-endian";
        write_f32_le: f32 = to_le_bytes, "little-endian";
        write_f64_le: f64 = to_le_bytes, "little-endian";
    }

    /// Waits until all that was written has reached its target.
    ///
    /// # Errors
    /// What the target returns.
    ///
    /// # Cancel safety
    /// What is left to flush stays; call it again to go on.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt, BufWriter, duplex};
    ///
    /// let (client, mut server) = duplex(64);
    /// let mut client = BufWriter::new(client);
    /// client.write_all(b"ping").await?;
    /// // Without this, the server would wait for ever.
    /// client.flush().await?;
    /// let mut request = [0; 4];
    /// server.read_exact(&mut request).await?;
    /// assert_eq!(&request, b"ping");
    /// # Ok(())
    /// # }
    /// ```
    fn flush(&mut self) -> Flush<'_, Self>
    where
        Self: Unpin,
    {
        Flush {
            writer: self,
            pinned: PhantomPinned,
        }
    }

    /// Flushes and closes the writing side, so that the reader sees the end.
    ///
    /// # Errors
    /// What the target returns.
    ///
    /// # Cancel safety
    /// Call it again to go on.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::io::{AsyncReadExt, AsyncWriteExt, duplex};
    ///
    /// let (mut client, mut server) = duplex(64);
    /// client.write_all(b"all there is").await?;
    /// client.shutdown().await?;
    /// // The server sees the end, and can still answer.
    /// let mut request = String::new();
    /// server.read_to_string(&mut request).await?;
    /// server.write_u8(1).await?;
    /// assert_eq!(client.read_u8().await?, 1);
    /// # Ok(())
    /// # }
    /// ```
    fn shutdown(&mut self) -> Shutdown<'_, Self>
    where
        Self: Unpin,
    {
        Shutdown {
            writer: self,
            pinned: PhantomPinned,
        }
    }
}

impl<W: AsyncWrite + ?Sized> AsyncWriteExt for W {}
