//! An option of a socket that is a structure of numbers.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// The level of the options that Unix sockets alone have.
#[allow(dead_code, reason = "other systems tell it as an option of any socket")]
pub(super) const SOL_LOCAL: i32 = 0;

/// A structure of numbers, which the system fills in.
///
/// # Safety
/// Zeros, and whatever the system writes, make a value of the type.
pub(super) unsafe trait Numbers {}

/// The option `name` of `socket`, whose type is `T`.
#[inline]
pub(super) fn option<T: Numbers>(socket: &impl AsFd, level: i32, name: i32) -> io::Result<T> {
    // SAFETY: zeros make a `T`, by the trait's promise.
    let mut value: T = unsafe { std::mem::zeroed() };
    let mut len = size_of::<T>() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: `value` has `len` bytes, and what the system writes makes a `T`.
    let done = unsafe { libc::getsockopt(fd, level, name, (&raw mut value).cast(), &mut len) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    if len as usize != size_of::<T>() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(value)
}
