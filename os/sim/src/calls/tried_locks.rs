//! Locks that are tried, and threads that are looked at: a thread that does nothing else lets others go on now and then.
#![allow(unsafe_code)]

use libc::{
    c_int, c_void, pthread_mutex_t, pthread_rwlock_t, pthread_spinlock_t, pthread_t, sem_t,
};

use super::original_locks::OriginalLock;
use super::threads::is_over;
use crate::kernel::{is_simulated, look};
use crate::sys::{OriginalFunction, pthread_join};

/// What a try costs, in nanoseconds.
const LOOK: u64 = 40;

/// Tries a lock.
///
/// # Safety
/// As the function says.
unsafe fn try_lock<T>(function: &OriginalLock, lock: *mut T) -> c_int {
    if is_simulated() {
        look(|state| state.now += LOOK);
    }
    // SAFETY: the caller's promise.
    unsafe { function.call(lock) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_mutex_trylock(mutex: *mut pthread_mutex_t) -> c_int {
    static TRY: OriginalLock = OriginalLock::new(c"pthread_mutex_trylock");
    // SAFETY: the caller's promise.
    unsafe { try_lock(&TRY, mutex) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_spin_trylock(lock: *mut pthread_spinlock_t) -> c_int {
    static TRY: OriginalLock = OriginalLock::new(c"pthread_spin_trylock");
    // SAFETY: the caller's promise.
    unsafe { try_lock(&TRY, lock) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_rwlock_tryrdlock(lock: *mut pthread_rwlock_t) -> c_int {
    static TRY: OriginalLock = OriginalLock::new(c"pthread_rwlock_tryrdlock");
    // SAFETY: the caller's promise.
    unsafe { try_lock(&TRY, lock) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_rwlock_trywrlock(lock: *mut pthread_rwlock_t) -> c_int {
    static TRY: OriginalLock = OriginalLock::new(c"pthread_rwlock_trywrlock");
    // SAFETY: the caller's promise.
    unsafe { try_lock(&TRY, lock) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn sem_trywait(semaphore: *mut sem_t) -> c_int {
    static TRY: OriginalLock = OriginalLock::new(c"sem_trywait");
    // SAFETY: the caller's promise.
    unsafe { try_lock(&TRY, semaphore) }
}

/// Joins a thread that has ended in the simulation, where its real thread may still be about to.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_tryjoin_np(thread: pthread_t, value: *mut *mut c_void) -> c_int {
    static JOIN: OriginalFunction = OriginalFunction::new(c"pthread_tryjoin_np");
    type JoinFunction = unsafe extern "C" fn(pthread_t, *mut *mut c_void) -> c_int;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let join = unsafe { std::mem::transmute::<usize, JoinFunction>(JOIN.address()) };
        // SAFETY: the caller's promise.
        return unsafe { join(thread, value) };
    }
    let is_over = look(|state| {
        state.now += LOOK;
        is_over(state, thread)
    });
    if !is_over {
        return libc::EBUSY;
    }
    // SAFETY: the caller's promise; the thread has ended.
    unsafe { pthread_join(thread, value) }
}
