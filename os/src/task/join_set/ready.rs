//! Which tasks of a set are ready to be joined, or to be polled again.
//!
//! Idea        A list of slot numbers, and the waker of whoever waits for the next one.
//! States      of a slot:  idle ─wake→ queued ─its join handle is polled→ idle
//! Invariants  I1 a number is in the list once (`Slot::queued`); a stale number costs a poll of a join handle, or finds an
//!                empty slot.
//!             I2 no foreign waker is cloned, woken or dropped under the lock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

use selkie_core::raw::platform::{Lock, LockGuard, wake_to_caller};

/// Numbers of tasks that have something to tell, and who waits for one.
#[derive(Default)]
pub(super) struct Ready {
    inner: Lock<Inner>,
}

#[derive(Default)]
struct Inner {
    numbers: VecDeque<usize>,
    waiter: Option<Waker>,
}

/// The waker's side of one task.
pub(super) struct Slot {
    number: usize,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Ready {
    fn lock(&self) -> LockGuard<'_, Inner> {
        self.inner.lock()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().numbers.len()
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.lock().numbers.clear();
    }

    /// The number of a task that has something to tell.
    pub(super) fn try_pop(&self) -> Option<usize> {
        self.lock().numbers.pop_front()
    }

    /// The number of a task that has something to tell; `cx` is woken for the next, also if there is
    /// one: as with Tokio, whoever has asked once is woken at each end until another asks.
    pub(super) fn pop(&self, cx: &Context<'_>) -> Option<usize> {
        // Outlives the lock (I2).
        let mut mine = None;
        loop {
            let mut inner = self.lock();
            let waiter = inner.waiter.as_ref();
            let waits = waiter.is_some_and(|waiter| waiter.will_wake(cx.waker()));
            if !waits && mine.is_some() {
                std::mem::swap(&mut inner.waiter, &mut mine);
            } else if !waits {
                drop(inner);
                mine = Some(cx.waker().clone());
                continue;
            }
            return inner.numbers.pop_front();
        }
    }
}

impl Slot {
    /// The slot of the task with `number`, which is not in the list.
    pub(super) fn new(number: usize, ready: &Arc<Ready>) -> Self {
        Self {
            number,
            queued: AtomicBool::new(false),
            ready: Arc::clone(ready),
        }
    }

    /// Marks the task's number as queued; says whether it was not (I1).
    fn queue(&self) -> bool {
        // AcqRel: Release pairs with the Acquire in `unqueue`: a poll that follows it sees what came
        // before this wake, whose number is not put in again.
        !self.queued.swap(true, Ordering::AcqRel)
    }

    /// The task's number is out of the list: a wake from here on puts it in again.
    pub(super) fn unqueue(&self) {
        // AcqRel: Acquire pairs with the Release in `queue`.
        self.queued.swap(false, Ordering::AcqRel);
    }
}

impl Wake for Slot {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queue() {
            return;
        }
        let waiter = {
            let mut inner = self.ready.lock();
            inner.numbers.push_back(self.number);
            inner.waiter.take()
        };
        if let Some(waiter) = waiter {
            wake_to_caller(waiter);
        }
    }
}
