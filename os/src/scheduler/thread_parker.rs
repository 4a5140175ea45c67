//! The sleep of a thread until it is woken, and `block_on` for a thread that runs nothing else.
//!
//! States      empty ⇄ sleeping; either → woken → empty
//! Invariants  I1 only the owning thread sleeps; a wake leaves `woken`, even if the thread does not sleep.

use std::cell::RefCell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use selkie_core::raw::coop;
use selkie_core::raw::platform::{
    AtomicU8, Ordering, Thread, current_thread, park_thread, park_thread_for,
};

const EMPTY: u8 = 0;
const SLEEPING: u8 = 1;
const WOKEN: u8 = 2;

/// The sleep of one thread.
#[derive(Debug)]
pub(crate) struct ThreadParker {
    state: AtomicU8,
    thread: Thread,
}

impl ThreadParker {
    /// A parker of the calling thread.
    pub(crate) fn current() -> Self {
        Self {
            state: AtomicU8::new(EMPTY),
            thread: current_thread(),
        }
    }

    /// Sleeps until woken, at most `limit`. Owning thread only.
    pub(crate) fn park(&self, limit: Option<Duration>) {
        // Acquire: pairs with the Release in `unpark`: what the waker did is seen.
        let entered =
            self.state
                .compare_exchange(EMPTY, SLEEPING, Ordering::Acquire, Ordering::Acquire);
        if entered.is_ok() {
            match limit {
                Some(limit) => park_thread_for(limit),
                None => {
                    // Acquire: as above. `thread::park` may return for others' reasons.
                    while self.state.load(Ordering::Acquire) == SLEEPING {
                        park_thread();
                    }
                }
            }
        }
        // Acquire: pairs with the Release in `unpark`.
        self.state.swap(EMPTY, Ordering::Acquire);
    }

    /// Ends the sleep, or the next one.
    pub(crate) fn unpark(&self) {
        // Release: pairs with the Acquire in `park`.
        if self.state.swap(WOKEN, Ordering::Release) == SLEEPING {
            self.thread.unpark();
        }
    }
}

impl Wake for ThreadParker {
    fn wake(self: Arc<Self>) {
        self.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.unpark();
    }
}

thread_local! {
    /// The parker of this thread with a waker for it. It is taken out while a `block_on` uses it, so that an
    /// inner `block_on` does not consume the wakes of the outer one.
    static PARKER: RefCell<Option<(Arc<ThreadParker>, Waker)>> = const { RefCell::new(None) };
}

/// Waits for `future` on this thread, which does nothing else.
///
/// # Cost
/// No atomic operation but for the sleeps, and no allocation after a thread's first call.
pub(crate) fn block_on_thread<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let kept = PARKER.try_with(RefCell::take).unwrap_or(None);
    let (parker, waker) = kept.unwrap_or_else(|| {
        let parker = Arc::new(ThreadParker::current());
        let waker = Waker::from(Arc::clone(&parker));
        (parker, waker)
    });
    let mut cx = Context::from_waker(&waker);
    let output = coop::apart(|| {
        loop {
            if let Poll::Ready(output) = coop::budget(|| future.as_mut().poll(&mut cx)) {
                return output;
            }
            parker.park(None);
        }
    });
    // When the thread's locals are gone, the parker goes too.
    let _kept = PARKER.try_with(|kept| kept.replace(Some((parker, waker))));
    output
}
