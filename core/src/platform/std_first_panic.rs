//! The panic of one call among many, kept until all have been made.
//!
//! Idea        Whoever wakes several wakers must come to the last one although the first panics. The
//!             first panic goes on when this is dropped; those after it have been reported by the panic
//!             hook, and end here.
//! States      none ─run panics→ one ─drop→ unwinds;   one ─discard→ none

use core::any::Any;
use std::boxed::Box;

use super::std_panic::{catch_panic, discard_payload};

/// Makes calls; the first panic among them goes on when this is dropped.
#[derive(Debug, Default)]
pub struct FirstPanic(Option<Box<dyn Any + Send>>);

impl FirstPanic {
    /// No call has panicked.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Calls `f`. `false`: it panicked.
    #[inline]
    pub fn run(&mut self, f: impl FnOnce()) -> bool {
        match catch_panic(f) {
            Ok(()) => true,
            Err(payload) => {
                self.keep(payload);
                false
            }
        }
    }

    #[cold]
    fn keep(&mut self, payload: Box<dyn Any + Send>) {
        if self.0.is_none() {
            self.0 = Some(payload);
        } else {
            discard_payload(payload);
        }
    }

    /// Lets the panic go no further.
    pub fn discard(&mut self) {
        if let Some(payload) = self.0.take() {
            discard_payload(payload);
        }
    }
}

impl Drop for FirstPanic {
    #[inline]
    fn drop(&mut self) {
        let Some(payload) = self.0.take() else {
            return;
        };
        if std::thread::panicking() {
            discard_payload(payload);
        } else {
            std::panic::resume_unwind(payload);
        }
    }
}
