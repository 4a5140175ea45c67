//! What every scenario needs: tasks that are polled when they are woken, and the sweep.

use std::boxed::Box;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

use crate::platform::interrupted_by;

/// Polls in one run after which a task counts as one that wakes itself for ever.
const MOST_POLLS: usize = 1_000;

/// One protocol, on fresh state.
pub(super) trait Scenario {
    /// The state before the first step.
    fn new() -> Self;

    /// What thread level does.
    fn thread(&self);

    /// What the interrupt handler does, as often as it is called.
    fn interrupt(&self);

    /// What holds when thread level has ended and no handler runs.
    fn check(&self);
}

/// Runs `S` with the interrupt before the first step, the second, and so on, until thread level makes
/// fewer steps; and once without an interrupt.
pub(super) fn sweep<S: Scenario>() {
    for at in 0.. {
        let scenario = S::new();
        let steps = interrupted_by(&|| scenario.interrupt(), at, || scenario.thread());
        scenario.check();
        assert!(steps > 0, "a scenario makes steps");
        if at > steps {
            return;
        }
    }
}

#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// A task of one context, polled by hand.
pub(super) struct Task<T> {
    future: RefCell<Option<Pin<Box<dyn Future<Output = T>>>>>,
    woken: Arc<Flag>,
}

impl<T> Task<T> {
    pub(super) fn new(future: impl Future<Output = T> + 'static) -> Self {
        Self {
            future: RefCell::new(Some(Box::pin(future))),
            woken: Arc::new(Flag(AtomicBool::new(true))),
        }
    }

    /// Polls while it is woken, until it ends.
    ///
    /// # Panics
    /// If it wakes itself again and again.
    pub(super) fn run(&self) -> Option<T> {
        let waker = Waker::from(self.woken.clone());
        let mut place = self.future.borrow_mut();
        for _ in 0..MOST_POLLS {
            let future = place.as_mut()?;
            if !self.woken.0.swap(false, SeqCst) {
                return None;
            }
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                *place = None;
                return Some(output);
            }
        }
        panic!("the task woke itself {MOST_POLLS} times");
    }

    /// Drops the future, finished or not.
    pub(super) fn cancel(&self) {
        drop(self.future.take());
    }

    /// Whether the future has ended or was dropped.
    pub(super) fn is_over(&self) -> bool {
        self.future.borrow().is_none()
    }
}
