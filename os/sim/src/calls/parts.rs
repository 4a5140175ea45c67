//! Bytes in several parts, as programs lend them.
#![allow(unsafe_code)]

use libc::{c_void, iovec};

/// The most that a call takes at once, as with Linux.
const MOST: usize = 0x7fff_f000;

/// The bytes that a caller lends. There may be none, at no address.
///
/// # Safety
/// They are readable while the slice lives.
pub(super) unsafe fn lent<'a>(bytes: *const c_void, count: usize) -> &'a [u8] {
    if bytes.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(bytes.cast(), count.min(MOST)) }
}

/// The room that a caller lends. There may be none, at no address.
///
/// # Safety
/// It is writable while the slice lives, and the caller's own.
pub(super) unsafe fn lent_mut<'a>(bytes: *mut c_void, count: usize) -> &'a mut [u8] {
    if bytes.is_null() || count == 0 {
        return &mut [];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts_mut(bytes.cast(), count.min(MOST)) }
}

/// The parts of a call, as a slice.
///
/// # Safety
/// There are `count` of them while the slice lives.
unsafe fn parts_of<'a>(parts: *const iovec, count: usize) -> &'a [iovec] {
    if count == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(parts, count) }
}

/// The parts that a call lends, as one.
///
/// # Safety
/// The parts are readable.
pub(super) unsafe fn gather(parts: *const iovec, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // SAFETY: the caller's promise.
    for part in unsafe { parts_of(parts, count) } {
        if part.iov_len == 0 {
            continue;
        }
        // SAFETY: the caller's promise.
        bytes.extend_from_slice(unsafe { lent(part.iov_base, part.iov_len) });
    }
    bytes
}

/// How many bytes the parts have.
///
/// # Safety
/// `parts` has `count` of them.
pub(super) unsafe fn room(parts: *const iovec, count: usize) -> usize {
    // SAFETY: the caller's promise.
    let parts = unsafe { parts_of(parts, count) };
    parts.iter().map(|part| part.iov_len).sum()
}

/// Puts `bytes` into the parts.
///
/// # Safety
/// The parts are writable.
pub(super) unsafe fn scatter(parts: *const iovec, count: usize, mut bytes: &[u8]) {
    // SAFETY: the caller's promise.
    for part in unsafe { parts_of(parts, count) } {
        let (now, later) = bytes.split_at(part.iov_len.min(bytes.len()));
        // SAFETY: as above; what is copied is no longer than the part.
        unsafe { std::ptr::copy_nonoverlapping(now.as_ptr(), part.iov_base.cast(), now.len()) };
        bytes = later;
    }
}
