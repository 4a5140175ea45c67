//! Futures that are polled by hand, each with a waker that notes that it was woken.
//!
//! Idea        A future that is pending may be polled again without a wake: if it is ready then, and nobody
//!             has woken it, a wake-up was lost.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Task<T> {
    future: Pin<Box<dyn Future<Output = T>>>,
    woken: Arc<Flag>,
}

impl<T> Task<T> {
    fn poll(&mut self) -> Poll<T> {
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&self.woken));
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::SeqCst)
    }
}

/// The futures of one run.
pub struct Tasks<T>(Vec<Task<T>>);

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Tasks<T> {
    /// How many are pending.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is pending.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Polls `future` for the first time; keeps it if it is pending.
    pub fn start(&mut self, future: impl Future<Output = T> + 'static) -> Option<T> {
        let mut task = Task {
            future: Box::pin(future),
            woken: Arc::new(Flag(AtomicBool::new(false))),
        };
        match task.poll() {
            Poll::Ready(output) => Some(output),
            Poll::Pending => {
                self.0.push(task);
                None
            }
        }
    }

    /// Polls one of them.
    ///
    /// # Panics
    /// If it is ready and was not woken.
    pub fn poll(&mut self, which: usize) -> Option<T> {
        let at = which.checked_rem(self.0.len())?;
        let was_woken = self.0[at].is_woken();
        match self.0[at].poll() {
            Poll::Pending => None,
            Poll::Ready(output) => {
                assert!(was_woken, "a wake-up was lost");
                drop(self.0.remove(at));
                Some(output)
            }
        }
    }

    /// Polls the first that was woken.
    pub fn poll_woken(&mut self) -> Option<Option<T>> {
        let at = self.0.iter().position(Task::is_woken)?;
        Some(self.poll(at))
    }

    /// Drops one of them.
    pub fn cancel(&mut self, which: usize) {
        if let Some(at) = which.checked_rem(self.0.len()) {
            drop(self.0.remove(at));
        }
    }
}
