//! Random numbers for programs.
#![allow(unsafe_code)]

use libc::{c_int, c_uint, c_void};

use super::answer::real;
use super::parts::lent_mut;
use crate::kernel::{is_simulated, read};

/// Fills `bytes` with what the seed says.
pub(super) fn fill(bytes: &mut [u8]) {
    read(|state| state.fill_random(bytes));
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, count: usize, flags: c_uint) -> isize {
    if !is_simulated() {
        let arguments = [buffer as usize, count, flags as usize, 0, 0, 0];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_getrandom, arguments) };
    }
    // SAFETY: the caller lends these bytes.
    fill(unsafe { lent_mut(buffer, count) });
    count as isize
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getentropy(buffer: *mut c_void, count: usize) -> c_int {
    // SAFETY: the caller's promise.
    if unsafe { getrandom(buffer, count, 0) } == count as isize {
        0
    } else {
        -1
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn arc4random_buf(buffer: *mut c_void, count: usize) {
    // SAFETY: the caller's promise.
    unsafe { getrandom(buffer, count, 0) };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn arc4random() -> u32 {
    let mut number = 0_u32;
    // SAFETY: four bytes of this function's own.
    unsafe { getrandom((&raw mut number).cast(), 4, 0) };
    number
}

#[unsafe(no_mangle)]
unsafe extern "C" fn arc4random_uniform(limit: u32) -> u32 {
    // SAFETY: the function takes nothing.
    let number = unsafe { arc4random() };
    ((u64::from(number) * u64::from(limit)) >> 32) as u32
}
