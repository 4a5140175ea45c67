//! A task of a test: a future with a waker that counts.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Counts how often it is woken.
#[derive(Default)]
pub(super) struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Bell {
    pub(super) fn rings(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A future with a waker of its own, as if it were a task.
pub(super) struct Spawned<T> {
    pub(super) future: Pin<Box<dyn Future<Output = T>>>,
    bell: Arc<Bell>,
    polled: bool,
}

impl<T> Spawned<T> {
    pub(super) fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self {
            future: Box::pin(future),
            bell: Arc::default(),
            polled: false,
        }
    }

    pub(super) fn poll(&mut self) -> Poll<T> {
        let waker = Waker::from(self.bell.clone());
        self.polled = true;
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    pub(super) fn was_polled(&self) -> bool {
        self.polled
    }

    pub(super) fn is_woken(&self) -> bool {
        self.bell.rings() > 0
    }
}
