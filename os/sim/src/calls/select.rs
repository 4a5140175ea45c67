//! The oldest way to wait for many descriptors. Its sets have no room for the numbers of simulated descriptors, so that what is
//! left of it is a sleep, and real descriptors, which are always ready.
#![allow(unsafe_code)]

use libc::{c_int, fd_set, sigset_t, timespec, timeval};

use super::answer::real;
use super::clock::from_timespec;
use super::poll::poll_for;
use crate::kernel::is_simulated;

/// # Safety
/// The sets are none, or sets.
unsafe fn count(highest: c_int, sets: [*mut fd_set; 3]) -> c_int {
    let mut count = 0;
    for set in sets.into_iter().filter(|set| !set.is_null()) {
        for descriptor in 0..highest.min(libc::FD_SETSIZE as c_int) {
            // SAFETY: the number is below the set's size.
            count += c_int::from(unsafe { libc::FD_ISSET(descriptor, set) });
        }
    }
    count
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pselect(
    highest: c_int,
    reads: *mut fd_set,
    writes: *mut fd_set,
    others: *mut fd_set,
    timeout: *const timespec,
    signals: *const sigset_t,
) -> c_int {
    if !is_simulated() {
        let signals = [signals as usize, 8];
        let arguments = [
            highest as usize,
            reads as usize,
            writes as usize,
            others as usize,
            timeout as usize,
            (&raw const signals) as usize,
        ];
        // SAFETY: the caller's promise.
        return unsafe { real(libc::SYS_pselect6, arguments) } as c_int;
    }
    // SAFETY: the caller's promise.
    let ready = unsafe { count(highest, [reads, writes, others]) };
    // SAFETY: the caller's pointer is none, or to a time.
    let timeout = unsafe { timeout.as_ref() }.map(from_timespec);
    if ready == 0 {
        poll_for(&mut [], timeout);
    }
    ready
}

#[unsafe(no_mangle)]
unsafe extern "C" fn select(
    highest: c_int,
    reads: *mut fd_set,
    writes: *mut fd_set,
    others: *mut fd_set,
    timeout: *mut timeval,
) -> c_int {
    // SAFETY: the caller's pointer is none, or to a time.
    let timeout = unsafe { timeout.as_ref() }.map(|timeout| timespec {
        tv_sec: timeout.tv_sec,
        tv_nsec: timeout.tv_usec * 1000,
    });
    let timeout = timeout
        .as_ref()
        .map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: the caller's promise.
    unsafe { pselect(highest, reads, writes, others, timeout, std::ptr::null()) }
}
