//! What a function of the C library returns.
#![allow(unsafe_code)]

use libc::{c_int, c_long};

use crate::errno::Errno;
use crate::sys;

/// A result in the way of the C library: -1 and `errno` for an error.
pub(super) fn answer<T: TryInto<isize>>(result: Result<T, Errno>) -> isize {
    match result {
        Ok(value) => value.try_into().unwrap_or(isize::MAX),
        Err(error) => {
            sys::set_errno(error.0);
            -1
        }
    }
}

/// The same as a C `int`.
pub(super) fn answer_int<T: TryInto<isize>>(result: Result<T, Errno>) -> c_int {
    answer(result) as c_int
}

/// The same where there is nothing to return but success.
pub(super) fn answer_done(result: Result<(), Errno>) -> c_int {
    answer_int(result.map(|()| 0_isize))
}

/// The arguments of a call that has fewer than six.
pub(super) fn padded<const N: usize>(arguments: [usize; N]) -> [usize; 6] {
    let mut all = [0; 6];
    all[..N].copy_from_slice(&arguments);
    all
}

/// Asks the real kernel.
///
/// # Safety
/// As the call says.
pub(super) unsafe fn real(number: c_long, arguments: [usize; 6]) -> isize {
    // SAFETY: the caller's promise.
    sys::result(unsafe { sys::syscall(number, arguments) })
}
