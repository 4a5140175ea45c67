//! Condition variables: threads wait in the simulation, and the C library's own variable stays as it was made.
#![allow(unsafe_code)]

use libc::{c_int, clockid_t, pthread_cond_t, pthread_mutex_t, timespec};

use super::lock::{until, until_on};
use super::mutexes::{lock_until, unlock_only};
use super::original_locks::OriginalLock;
use crate::kernel::{Channel, Step, call, is_simulated};
use crate::sys::OriginalFunction;

/// Gives the mutex away and waits, in one step; then takes it again.
///
/// # Safety
/// As `pthread_cond_wait` says.
unsafe fn wait(
    condition: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    until: Option<u64>,
) -> c_int {
    let mut begun = false;
    let waited = call(|state| {
        if begun {
            let result = if state.timed_out() {
                libc::ETIMEDOUT
            } else {
                0
            };
            return Step::Done(result);
        }
        begun = true;
        // SAFETY: the caller has locked it; who waits for it is woken here.
        let result = unsafe { unlock_only(mutex) };
        if result != 0 {
            begun = false;
            return Step::Done(result);
        }
        state.wake(Channel::Futex(mutex as usize));
        let channels = vec![Channel::Futex(condition as usize)];
        Step::Wait { channels, until }
    });
    if begun {
        // SAFETY: the caller's promise.
        let locked = unsafe { lock_until(mutex, None) };
        if locked != 0 {
            return locked;
        }
    }
    waited
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_wait(
    condition: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
) -> c_int {
    static WAIT: OriginalLock = OriginalLock::new(c"pthread_cond_wait");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { WAIT.call_with(condition, mutex) };
    }
    // SAFETY: the caller's promise.
    unsafe { wait(condition, mutex, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_timedwait(
    condition: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    time: *const timespec,
) -> c_int {
    static WAIT: OriginalLock = OriginalLock::new(c"pthread_cond_timedwait");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { WAIT.call_with_both(condition, mutex, time) };
    }
    // SAFETY: the caller's pointer is one to a time.
    let until = until(unsafe { &*time });
    // SAFETY: the caller's promise.
    unsafe { wait(condition, mutex, Some(until)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_clockwait(
    condition: *mut pthread_cond_t,
    mutex: *mut pthread_mutex_t,
    clock: clockid_t,
    time: *const timespec,
) -> c_int {
    static WAIT: OriginalFunction = OriginalFunction::new(c"pthread_cond_clockwait");
    type WaitFunction = unsafe extern "C" fn(
        *mut pthread_cond_t,
        *mut pthread_mutex_t,
        clockid_t,
        *const timespec,
    ) -> c_int;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let wait = unsafe { std::mem::transmute::<usize, WaitFunction>(WAIT.address()) };
        // SAFETY: the caller's promise.
        return unsafe { wait(condition, mutex, clock, time) };
    }
    // SAFETY: the caller's pointer is one to a time.
    let until = until_on(clock, unsafe { &*time });
    // SAFETY: the caller's promise.
    unsafe { wait(condition, mutex, Some(until)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_signal(condition: *mut pthread_cond_t) -> c_int {
    static SIGNAL: OriginalLock = OriginalLock::new(c"pthread_cond_signal");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { SIGNAL.call(condition) };
    }
    call(|state| {
        state.wake_some(Channel::Futex(condition as usize), 1);
        Step::Done(0)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_cond_broadcast(condition: *mut pthread_cond_t) -> c_int {
    static BROADCAST: OriginalLock = OriginalLock::new(c"pthread_cond_broadcast");
    if !is_simulated() {
        // SAFETY: the caller's promise.
        return unsafe { BROADCAST.call(condition) };
    }
    call(|state| {
        state.wake(Channel::Futex(condition as usize));
        Step::Done(0)
    })
}
