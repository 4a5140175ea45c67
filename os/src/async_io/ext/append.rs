//! Reads into the spare capacity of a growing buffer.
//!
//! Invariants  I1 a reader is given a `ReadBuf` and may put another one in its place; what it has filled counts
//!                only if the `ReadBuf` still has the memory that was given.
//!             I2 bytes that were initialised stay so until the memory is replaced.
#![allow(unsafe_code)]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BufMut;

use crate::async_io::read::AsyncRead;
use crate::async_io::read_buf::ReadBuf;

/// Reads once into the spare capacity of `buf`, and returns how many bytes.
pub(super) fn poll_append<R: AsyncRead + ?Sized, B: BufMut + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    buf: &mut B,
) -> Poll<io::Result<usize>> {
    if !buf.has_remaining_mut() {
        return Poll::Ready(Ok(0));
    }
    let n = {
        let chunk = buf.chunk_mut();
        // SAFETY: `ReadBuf` keeps readers from writing what is uninitialised.
        let room = unsafe { chunk.as_uninit_slice_mut() };
        let mut room = ReadBuf::uninit(room);
        let given = room.filled().as_ptr();
        ready!(reader.poll_read(cx, &mut room))?;
        assert_eq!(
            given,
            room.filled().as_ptr(),
            "the reader replaced its buffer"
        ); // I1
        room.filled().len()
    };
    // SAFETY: the first `n` bytes of the room were filled (I1).
    unsafe { buf.advance_mut(n) };
    Poll::Ready(Ok(n))
}

/// Reads once into the spare capacity of `vec`, and returns how many bytes.
///
/// `initialized` is what earlier calls found: how many bytes of the memory are initialised. It holds for this
/// very memory; a caller that lets the `Vec` grow starts again at its length.
pub(super) fn poll_fill_spare<R: AsyncRead + ?Sized>(
    reader: Pin<&mut R>,
    cx: &mut Context<'_>,
    vec: &mut Vec<u8>,
    initialized: &mut usize,
) -> Poll<io::Result<usize>> {
    let before = vec.len();
    let (n, outcome) = {
        let mut room = ReadBuf::uninit(vec.spare_capacity_mut());
        // SAFETY: earlier calls saw that so many bytes hold values, and nobody took them back (I2).
        unsafe { room.assume_init(initialized.saturating_sub(before)) };
        let given = room.filled().as_ptr();
        let outcome = reader.poll_read(cx, &mut room);
        assert_eq!(
            given,
            room.filled().as_ptr(),
            "the reader replaced its buffer"
        ); // I1
        *initialized = before + room.initialized().len();
        (room.filled().len(), outcome)
    };
    ready!(outcome)?;
    // SAFETY: the first `n` bytes of the room were filled (I1).
    unsafe { vec.set_len(before + n) };
    Poll::Ready(Ok(n))
}
