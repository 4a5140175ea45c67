//! Barriers and spin locks of C programs.
#![allow(unsafe_code)]

use libc::{c_int, c_uint, c_void, pthread_barrier_t, pthread_spinlock_t};

use super::lock::{acquire, release};
use super::original_locks::OriginalLock;
use crate::kernel::{Barrier, Channel, Step, call, is_simulated, read};
use crate::sys::OriginalFunction;

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_barrier_init(
    barrier: *mut pthread_barrier_t,
    attributes: *const c_void,
    count: c_uint,
) -> c_int {
    static INIT: OriginalFunction = OriginalFunction::new(c"pthread_barrier_init");
    type InitFunction =
        unsafe extern "C" fn(*mut pthread_barrier_t, *const c_void, c_uint) -> c_int;
    // SAFETY: the C library's function of this name has this type.
    let init = unsafe { std::mem::transmute::<usize, InitFunction>(INIT.address()) };
    // SAFETY: the caller's promise.
    let result = unsafe { init(barrier, attributes, count) };
    if result == 0 && is_simulated() {
        read(|state| {
            let made = Barrier::new(count);
            state.barriers.insert(barrier as usize, made)
        });
    }
    result
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_barrier_wait(barrier: *mut pthread_barrier_t) -> c_int {
    static WAIT: OriginalLock = OriginalLock::new(c"pthread_barrier_wait");
    let at = barrier as usize;
    if !is_simulated() || read(|state| !state.barriers.contains_key(&at)) {
        // SAFETY: the caller's promise.
        return unsafe { WAIT.call(barrier) };
    }
    let mut own = None;
    call(|state| {
        let known = state.barriers.get_mut(&at).expect("it was made");
        match own {
            None => {
                if known.arrive() {
                    state.wake(Channel::Futex(at));
                    return Step::Done(libc::PTHREAD_BARRIER_SERIAL_THREAD);
                }
                own = Some(known.round);
            }
            Some(round) if known.round != round => return Step::Done(0),
            Some(_) => (),
        }
        Step::Wait {
            channels: vec![Channel::Futex(at)],
            until: None,
        }
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_spin_lock(lock: *mut pthread_spinlock_t) -> c_int {
    static LOCK: OriginalLock = OriginalLock::new(c"pthread_spin_lock");
    static TRY: OriginalLock = OriginalLock::new(c"pthread_spin_trylock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { LOCK.call(lock) };
    }
    // SAFETY: the caller's promise.
    acquire(lock as usize, None, || unsafe { TRY.call(lock) })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_spin_unlock(lock: *mut pthread_spinlock_t) -> c_int {
    static UNLOCK: OriginalLock = OriginalLock::new(c"pthread_spin_unlock");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { UNLOCK.call(lock) };
    }
    // SAFETY: the caller's promise.
    release(lock as usize, || unsafe { UNLOCK.call(lock) })
}
