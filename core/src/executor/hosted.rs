//! The sleep of an executor on a thread of a hosted system.

use core::time::Duration;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::park::{Park, Unpark};

/// Ends the sleep of the [`ThreadPark`] made of it; may stand in a static.
#[derive(Debug, Default)]
pub struct ThreadUnpark {
    unparked: Mutex<bool>,
    changed: Condvar,
}

impl ThreadUnpark {
    /// One that nobody has unparked.
    pub const fn new() -> Self {
        Self {
            unparked: Mutex::new(false),
            changed: Condvar::new(),
        }
    }
}

impl Unpark for ThreadUnpark {
    fn unpark(&self) {
        *self.unparked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_one();
    }
}

impl Unpark for &'static ThreadUnpark {
    fn unpark(&self) {
        (**self).unpark();
    }
}

/// Puts the thread to sleep until [`ThreadUnpark`] ends it or the time is over.
#[derive(Debug)]
pub struct ThreadPark {
    unpark: &'static ThreadUnpark,
}

impl ThreadPark {
    /// The sleep that `unpark` ends.
    pub const fn new(unpark: &'static ThreadUnpark) -> Self {
        Self { unpark }
    }
}

impl Park for ThreadPark {
    type Unpark = &'static ThreadUnpark;

    fn unpark_handle(&self) -> &'static ThreadUnpark {
        self.unpark
    }

    fn park(&mut self, timeout: Option<Duration>) {
        let unpark = self.unpark;
        let mut unparked = unpark
            .unparked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match timeout {
            Some(Duration::ZERO) => {}
            Some(timeout) => {
                let (guard, _) = unpark
                    .changed
                    .wait_timeout_while(unparked, timeout, |unparked| !*unparked)
                    .unwrap_or_else(PoisonError::into_inner);
                unparked = guard;
            }
            None => {
                unparked = unpark
                    .changed
                    .wait_while(unparked, |unparked| !*unparked)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
        *unparked = false;
    }

    fn shutdown(&mut self) {}
}
