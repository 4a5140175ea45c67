//! Panics that go no further.
//!
//! Idea        Some foreign code runs where nobody can be told of its panic: a waker that is woken
//!             for a timer, an output that nobody takes. Its panic has been reported by the panic
//!             hook; here it ends.

use alloc::boxed::Box;
use core::any::Any;

use super::catch_panic;

/// Runs `f`; `None` if it panicked.
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
pub fn discard_payload(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_panic(|| drop(payload)) {
        core::mem::forget(second);
    }
}
