//! Reads into memory that need not be initialised.
//!
//! Invariants  I1 every `read` that is passed here is one of the system calls of this crate: it only writes values,
//!                and has written as many bytes as it returns.
#![allow(unsafe_code)]

use std::io;
use std::mem::MaybeUninit;

use bytes::BufMut;

use crate::async_io::ReadBuf;

/// Fills `buf` by one call of `read` (I1), and returns by how much.
#[inline]
pub(crate) fn fill(
    buf: &mut ReadBuf<'_>,
    read: impl FnOnce(&mut [MaybeUninit<u8>]) -> io::Result<usize>,
) -> io::Result<usize> {
    // SAFETY: `read` only writes values (I1).
    let free = unsafe { buf.unfilled_mut() };
    let len = free.len();
    let n = read(free)?;
    check(n, len);
    // SAFETY: `n` bytes were written (I1).
    unsafe { buf.assume_init(n) };
    buf.advance(n);
    Ok(n)
}

/// Fills `buf` by one call of `read` (I1), which returns something beside the length.
pub(crate) fn fill_with<B: BufMut, R>(
    buf: &mut B,
    read: impl FnOnce(&mut [MaybeUninit<u8>]) -> io::Result<(usize, R)>,
) -> io::Result<(usize, R)> {
    let chunk = buf.chunk_mut();
    // SAFETY: `read` only writes values (I1).
    let free = unsafe { chunk.as_uninit_slice_mut() };
    let len = free.len();
    let (n, rest) = read(free)?;
    check(n, len);
    // SAFETY: `n` bytes were written (I1).
    unsafe { buf.advance_mut(n) };
    Ok((n, rest))
}

#[inline]
fn check(n: usize, len: usize) {
    assert!(n <= len, "a read returned more bytes than were asked for");
}

/// `bytes` as memory that a system call may fill.
pub(crate) fn as_uninit(bytes: &mut [u8]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: one layout; the system calls that get this only write values (I1).
    unsafe { &mut *(&raw mut *bytes as *mut [MaybeUninit<u8>]) }
}
