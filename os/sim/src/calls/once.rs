//! What is done once, `pthread_once`: the others wait for it, and whoever does it may wait for others meanwhile.
#![allow(unsafe_code)]

use std::sync::atomic::{AtomicI32, Ordering};

use libc::c_int;

use super::lock::release;
use crate::kernel::{Channel, Step, call, is_simulated};
use crate::sys::OriginalFunction;

type Action = unsafe extern "C" fn();

/// The values that the C library's word has, too.
const NOT_YET: c_int = 0;
const RUNS: c_int = 1;
const DONE: c_int = 2;

#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_once(word: *mut c_int, first: Action) -> c_int {
    static ONCE: OriginalFunction = OriginalFunction::new(c"pthread_once");
    type OnceFunction = unsafe extern "C" fn(*mut c_int, Action) -> c_int;
    if !is_simulated() {
        // SAFETY: the C library's function of this name has this type.
        let once = unsafe { std::mem::transmute::<usize, OnceFunction>(ONCE.address()) };
        // SAFETY: the caller's promise.
        return unsafe { once(word, first) };
    }
    // SAFETY: the caller's pointer is one to a word that only this function, and the C library's, look at.
    let state = unsafe { AtomicI32::from_ptr(word) };
    // Pairs with the store below, and with the C library's.
    if state.load(Ordering::Acquire) == DONE {
        return 0;
    }
    let is_first = call(|_| {
        // The turn orders this with what other threads of the simulation do.
        match state.load(Ordering::Acquire) {
            DONE => return Step::Done(false),
            NOT_YET => {
                state.store(RUNS, Ordering::Relaxed);
                return Step::Done(true);
            }
            _ => (),
        }
        let channels = vec![Channel::Futex(word as usize)];
        Step::Wait {
            channels,
            until: None,
        }
    });
    if is_first {
        // SAFETY: the caller's promise.
        unsafe { first() };
        release(word as usize, || {
            // Pairs with the loads above, and with the C library's.
            state.store(DONE, Ordering::Release);
            0
        });
    }
    0
}
