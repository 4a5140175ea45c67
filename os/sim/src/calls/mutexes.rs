//! Mutexes of C programs and of the C library's users.
#![allow(unsafe_code)]

use libc::{c_int, clockid_t, pthread_mutex_t, timespec};

use super::lock::{acquire, release, until, until_on};
use super::original_locks::OriginalLock;
use crate::kernel::is_simulated;
use crate::sys::OriginalFunction;

static TRY: OriginalLock = OriginalLock::new(c"pthread_mutex_trylock");
static UNLOCK: OriginalLock = OriginalLock::new(c"pthread_mutex_unlock");

/// # Safety
/// `mutex` is one.
pub(super) unsafe fn lock_until(mutex: *mut pthread_mutex_t, until: Option<u64>) -> c_int {
    // SAFETY: the caller's promise.
    acquire(mutex as usize, until, || unsafe { TRY.call(mutex) })
}

/// Unlocks within the simulation's own code.
///
/// # Safety
/// `mutex` is one, and the caller wakes who waits for it.
pub(super) unsafe fn unlock_only(mutex: *mut pthread_mutex_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { UNLOCK.call(mutex) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_lock(mutex: *mut pthread_mutex_t) -> c_int {
    static LOCK: OriginalLock = OriginalLock::new(c"pthread_mutex_lock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { LOCK.call(mutex) };
    }
    // SAFETY: the caller's promise.
    unsafe { lock_until(mutex, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_timedlock(
    mutex: *mut pthread_mutex_t,
    time: *const timespec,
) -> c_int {
    static LOCK: OriginalLock = OriginalLock::new(c"pthread_mutex_timedlock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { LOCK.call_with(mutex, time) };
    }
    // SAFETY: the caller's pointer is one to a time.
    let until = until(unsafe { &*time });
    // SAFETY: the caller's promise.
    unsafe { lock_until(mutex, Some(until)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_clocklock(
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    time: *const timespec,
) -> c_int {
    static LOCK: OriginalFunction = OriginalFunction::new(c"pthread_mutex_clocklock");
    type LockFunction =
        unsafe extern "C" fn(*mut pthread_mutex_t, clockid_t, *const timespec) -> c_int;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let lock = unsafe { std::mem::transmute::<usize, LockFunction>(LOCK.address()) };
        // SAFETY: the caller's promise.
        return unsafe { lock(mutex, clock, time) };
    }
    // SAFETY: the caller's pointer is one to a time.
    let until = until_on(clock, unsafe { &*time });
    // SAFETY: the caller's promise.
    unsafe { lock_until(mutex, Some(until)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_unlock(mutex: *mut pthread_mutex_t) -> c_int {
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { UNLOCK.call(mutex) };
    }
    // SAFETY: the caller's promise.
    release(mutex as usize, || unsafe { UNLOCK.call(mutex) })
}
