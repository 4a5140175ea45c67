//! Panics where they unwind.

use core::any::Any;
use core::panic::AssertUnwindSafe;
use core::task::Waker;
use std::boxed::Box;

/// What a panic carries.
pub type PanicPayload = Box<dyn Any + Send>;

/// Runs `f` and returns its result, or the payload of the panic that ended it.
///
/// # Errors
/// The payload of a panic in `f`.
#[inline]
pub fn catch_panic<R>(f: impl FnOnce() -> R) -> Result<R, Box<dyn Any + Send>> {
    std::panic::catch_unwind(AssertUnwindSafe(f))
}

/// Runs `f`, foreign code, where nobody can be notified of its panic; `None` if it panicked. The panic hook
/// has reported it.
#[inline]
pub fn contain_panic<R>(f: impl FnOnce() -> R) -> Option<R> {
    match catch_panic(f) {
        Ok(result) => Some(result),
        Err(payload) => {
            discard_payload(payload);
            None
        }
    }
}

/// Drops the payload of a panic, whose drop may panic again; the payload of that is forgotten.
#[cold]
pub fn discard_payload(payload: PanicPayload) {
    if let Err(second) = catch_panic(|| drop(payload)) {
        core::mem::forget(second);
    }
}

/// Wakes `waker`, and returns the panic that it ended by.
#[inline]
pub fn wake_caught(waker: Waker) -> Option<PanicPayload> {
    catch_panic(|| waker.wake()).err()
}

/// Goes on with a panic that was caught; if the thread panics already, that one goes on alone.
#[cold]
pub fn resume_panic(payload: PanicPayload) {
    if std::thread::panicking() {
        discard_payload(payload);
    } else {
        std::panic::resume_unwind(payload);
    }
}

/// Wakes `waker`. Its panic goes to the caller; if the thread panics already, that one goes on alone.
///
/// # Cost
/// One load and a branch more than the wake.
#[inline(never)]
pub fn wake_to_caller(waker: Waker) {
    if std::thread::panicking() {
        return wake_in_a_panic(waker);
    }
    waker.wake();
}

#[cold]
#[inline(never)]
fn wake_in_a_panic(waker: Waker) {
    if let Some(payload) = wake_caught(waker) {
        discard_payload(payload);
    }
}
