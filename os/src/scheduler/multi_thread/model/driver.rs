//! A driver of a model.

use std::sync::Arc as StdArc;
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Condvar, Mutex};

use selkie_core::park::{Park, Unpark};

use super::super::super::any_park::AnyUnpark;

/// A driver whose sleep an unpark ends, or an event.
#[derive(Clone)]
pub(super) struct ModelDriver(StdArc<ModelSleep>);

struct ModelSleep {
    woken: Mutex<bool>,
    condvar: Condvar,
    /// Whether it has sources.
    needed: AtomicBool,
    /// Events that nobody has taken.
    events: AtomicUsize,
}

impl ModelDriver {
    pub(super) fn new() -> Self {
        Self(StdArc::new(ModelSleep {
            woken: Mutex::new(false),
            condvar: Condvar::new(),
            needed: AtomicBool::new(true),
            events: AtomicUsize::new(0),
        }))
    }

    /// Whether it has sources.
    pub(super) fn set_needed(&self, is_needed: bool) {
        self.0.needed.store(is_needed, Ordering::Release);
    }

    /// An event of a source, as the system tells it.
    pub(super) fn event(&self) {
        self.0.events.fetch_add(1, Ordering::Release);
        let _guard = self.0.woken.lock().unwrap();
        self.0.condvar.notify_one();
    }

    pub(super) fn has_event(&self) -> bool {
        self.0.events.load(Ordering::Acquire) > 0
    }
}

impl Unpark for ModelDriver {
    fn unpark(&self) {
        *self.0.woken.lock().unwrap() = true;
        self.0.condvar.notify_one();
    }

    fn is_needed(&self) -> bool {
        self.0.needed.load(Ordering::Acquire)
    }
}

impl Park for ModelDriver {
    type Unpark = AnyUnpark;

    fn unpark_handle(&self) -> AnyUnpark {
        StdArc::new(self.clone())
    }

    fn park(&mut self, timeout: Option<Duration>) {
        let mut woken = self.0.woken.lock().unwrap();
        while timeout.is_none() && !*woken && !self.has_event() {
            woken = self.0.condvar.wait(woken).unwrap();
        }
        *woken = false;
    }

    fn shutdown(&mut self) {}
}
