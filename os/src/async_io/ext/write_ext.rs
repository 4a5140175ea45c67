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
