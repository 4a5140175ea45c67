//! Locks that many may read under and one may write.
#![allow(unsafe_code)]

use libc::{c_int, pthread_rwlock_t, timespec};

use super::lock::{acquire, release, until};
use super::original_locks::OriginalLock;
use crate::kernel::is_simulated;

static TRY_READ: OriginalLock = OriginalLock::new(c"pthread_rwlock_tryrdlock");
static TRY_WRITE: OriginalLock = OriginalLock::new(c"pthread_rwlock_trywrlock");

/// # Safety
/// `lock` is one, and `tries` a function that tries to lock it.
unsafe fn lock_until(
    tries: &OriginalLock,
    lock: *mut pthread_rwlock_t,
    until: Option<u64>,
) -> c_int {
    // SAFETY: the caller's promise.
    acquire(lock as usize, until, || unsafe { tries.call(lock) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_rwlock_rdlock(lock: *mut pthread_rwlock_t) -> c_int {
    static READ: OriginalLock = OriginalLock::new(c"pthread_rwlock_rdlock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { READ.call(lock) };
    }
    // SAFETY: the caller's promise.
    unsafe { lock_until(&TRY_READ, lock, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_rwlock_wrlock(lock: *mut pthread_rwlock_t) -> c_int {
    static WRITE: OriginalLock = OriginalLock::new(c"pthread_rwlock_wrlock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { WRITE.call(lock) };
    }
    // SAFETY: the caller's promise.
    unsafe { lock_until(&TRY_WRITE, lock, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_rwlock_timedrdlock(
    lock: *mut pthread_rwlock_t,
    time: *const timespec,
) -> c_int {
    static READ: OriginalLock = OriginalLock::new(c"pthread_rwlock_timedrdlock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { READ.call_with(lock, time) };
    }
    // SAFETY: the caller's pointer is one to a time.
    let until = until(unsafe { &*time });
    // SAFETY: the caller's promise.
    unsafe { lock_until(&TRY_READ, lock, Some(until)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_rwlock_timedwrlock(
    lock: *mut pthread_rwlock_t,
    time: *const timespec,
) -> c_int {
    static WRITE: OriginalLock = OriginalLock::new(c"pthread_rwlock_timedwrlock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { WRITE.call_with(lock, time) };
    }
    // SAFETY: the caller's pointer is one to a time.
    let until = until(unsafe { &*time });
    // SAFETY: the caller's promise.
    unsafe { lock_until(&TRY_WRITE, lock, Some(until)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_rwlock_unlock(lock: *mut pthread_rwlock_t) -> c_int {
    static UNLOCK: OriginalLock = OriginalLock::new(c"pthread_rwlock_unlock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { UNLOCK.call(lock) };
    }
    // SAFETY: the caller's promise.
    release(lock as usize, || unsafe { UNLOCK.call(lock) })
}
