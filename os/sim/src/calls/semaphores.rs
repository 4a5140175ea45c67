//! Semaphores of C programs.
#![allow(unsafe_code)]

use libc::{c_int, sem_t, timespec};

use super::lock::{acquire, release, until};
use super::original_locks::OriginalLock;
use crate::errno::Errno;
use crate::kernel::is_simulated;

/// # Safety
/// `semaphore` is one.
unsafe fn wait_until(semaphore: *mut sem_t, until: Option<u64>) -> c_int {
    static TRY: OriginalLock = OriginalLock::new(c"sem_trywait");
    let result = acquire(semaphore as usize, until, || {
        // SAFETY: the caller's promise. It fails for one reason: there is nothing to take.
        let tried = unsafe { TRY.call(semaphore) };
        if tried == 0 { 0 } else { libc::EBUSY }
    });
    super::answer::answer_int(if result == 0 {
        Ok(0_isize)
    } else {
        Err(Errno(result))
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sem_wait(semaphore: *mut sem_t) -> c_int {
    static WAIT: OriginalLock = OriginalLock::new(c"sem_wait");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { WAIT.call(semaphore) };
    }
    // SAFETY: the caller's promise.
    unsafe { wait_until(semaphore, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sem_timedwait(semaphore: *mut sem_t, time: *const timespec) -> c_int {
    static WAIT: OriginalLock = OriginalLock::new(c"sem_timedwait");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { WAIT.call_with(semaphore, time) };
    }
    // SAFETY: the caller's pointer is one to a time.
    let until = until(unsafe { &*time });
    // SAFETY: the caller's promise.
    unsafe { wait_until(semaphore, Some(until)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sem_post(semaphore: *mut sem_t) -> c_int {
    static POST: OriginalLock = OriginalLock::new(c"sem_post");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { POST.call(semaphore) };
    }
    // SAFETY: the caller's promise.
    release(semaphore as usize, || unsafe { POST.call(semaphore) })
}
