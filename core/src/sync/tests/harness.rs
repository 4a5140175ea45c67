//! A task of a test: a future with a waker that counts, and that notices if it is called under a lock.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::checked::checked;
use crate::platform::locks_held;

/// Counts how often it is woken.
#[derive(Default)]
pub(super) struct CountingWaker(AtomicUsize);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl CountingWaker {
    pub(super) fn wakes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A future with a waker of its own, as if it were a task.
pub(super) struct TestTask<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    counter: Arc<CountingWaker>,
    waker: Waker,
    polled: bool,
}

impl<T> TestTask<T> {
    pub(super) fn new(future: impl Future<Output = T> + 'static) -> Self {
        let counter = Arc::<CountingWaker>::default();
        Self {
            future: Box::pin(future),
            waker: checked(Waker::from(counter.clone()), locks_held),
            counter,
            polled: false,
        }
    }

    pub(super) fn poll(&mut self) -> Poll<T> {
        let waker = self.waker.clone();
        self.poll_with(&waker)
    }

    pub(super) fn poll_with(&mut self, waker: &Waker) -> Poll<T> {
        self.polled = true;
        self.future.as_mut().poll(&mut Context::from_waker(waker))
    }

    pub(super) fn was_polled(&self) -> bool {
        self.polled
    }

    pub(super) fn is_woken(&self) -> bool {
        self.counter.wakes() > 0
    }
}

/// A waker that calls a function as it is woken and as it is dropped: foreign code that takes the
/// very locks of its finder.
pub(super) struct ReentrantWaker<F: Fn()>(pub(super) F);

impl<F: Fn() + Send + Sync + 'static> Wake for ReentrantWaker<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

impl<F: Fn()> Drop for ReentrantWaker<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A waker that calls a function as it is woken.
#[cfg(feature = "alloc")]
pub(super) struct OnWake<F: Fn()>(pub(super) F);

#[cfg(feature = "alloc")]
impl<F: Fn() + Send + Sync + 'static> Wake for OnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}
