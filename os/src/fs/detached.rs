//! Operations on a file whose futures were dropped, and which go on without them.
//!
//! Idea        An operation that has begun is completed, even if its future is dropped. It is then detached, and
//!             keeps the file busy: later operations wait for it, so that it cannot overwrite something newer. The
//!             future and the operation each own one of two guards, which share a state.
//! States      Running ─operation ends→ Done; Running ─future dropped→ Detached ─operation ends→ Done
//! Invariants  I1 the count of detached operations is changed under the lock of the state.
//! Rejected    To wait for all operations, detached or not: a database, which reads and writes at many offsets of
//!             one file at a time, would do one at a time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use selkie_core::raw::platform::{Lock, contain_panic};
use selkie_core::raw::wake::WakerCell;

use crate::sync::Notify;

/// The detached operations on a file.
#[derive(Default)]
pub(super) struct DetachedOperations {
    count: AtomicUsize,
    /// The task that waits through the traits of `io`; there is one at a time.
    polled: WakerCell,
    ended: Notify,
}

impl DetachedOperations {
    /// Whether there is none.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        // Acquire: pairs with the Release in `OperationGuard::drop`: the effect of the operation is visible.
        self.count.load(Ordering::Acquire) == 0
    }

    /// Waits until there is none; for one task.
    #[inline]
    pub(super) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_empty() {
            return Poll::Ready(());
        }
        self.polled.register(cx.waker());
        // Checked again: an end that came before the waker was registered has woken nobody.
        if self.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// The same, for any number of tasks.
    #[inline]
    pub(super) async fn wait_empty(&self) {
        while !self.is_empty() {
            let mut ended = pin!(self.ended.notified());
            // In the wait queue before the last check, so that an end after the check wakes it.
            ended.as_mut().enable();
            if !self.is_empty() {
                ended.await;
            }
        }
    }

    /// Wakes the waiters, which check again. A panic of a waker does not concern the operation.
    #[inline]
    fn notify(&self) {
        self.polled.wake_from_drop();
        let _told = contain_panic(|| self.ended.notify_waiters());
    }
}

/// Something that counts its detached operations: a file.
pub(super) trait HasDetached: Send + Sync {
    fn detached(&self) -> &DetachedOperations;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    Detached,
    Done,
}

struct OperationState<F: HasDetached> {
    file: Arc<F>,
    state: Lock<State>,
}

impl<F: HasDetached> OperationState<F> {
    /// Changes the state by `f`, with the count of detached operations (I1).
    #[inline]
    fn change(&self, f: impl FnOnce(&mut State, &AtomicUsize)) {
        let mut state = self.state.lock();
        f(&mut state, &self.file.detached().count);
    }
}

/// Whether an operation keeps the file busy once it is detached: only if it changes the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Changes,
}

/// Owned by the future. If this is dropped before the operation ends, the operation is detached.
pub(super) struct WaiterGuard<F: HasDetached>(Arc<OperationState<F>>);

/// Owned by the operation, which has ended when this is dropped.
pub(super) struct OperationGuard<F: HasDetached>(Arc<OperationState<F>>);

/// Begins an operation on `file`.
#[inline]
pub(super) fn begin<F: HasDetached>(file: &Arc<F>) -> (WaiterGuard<F>, OperationGuard<F>) {
    let state_of = Arc::new(OperationState {
        file: Arc::clone(file),
        state: Lock::new(State::Running),
    });
    (WaiterGuard(Arc::clone(&state_of)), OperationGuard(state_of))
}

/// As [`begin`], if the operation changes the file.
#[inline]
pub(super) fn begin_with<F: HasDetached>(
    effect: Effect,
    file: &Arc<F>,
) -> (Option<WaiterGuard<F>>, Option<OperationGuard<F>>) {
    match effect {
        Effect::Reads => (None, None),
        Effect::Changes => {
            let (waiter, operation) = begin(file);
            (Some(waiter), Some(operation))
        }
    }
}

#[cfg(unix)]
impl<F: HasDetached> OperationGuard<F> {
    /// Whether the future was dropped.
    #[inline]
    pub(super) fn is_detached(&self) -> bool {
        *self.0.state.lock() == State::Detached
    }
}

impl<F: HasDetached> Drop for WaiterGuard<F> {
    #[inline]
    fn drop(&mut self) {
        self.0.change(|state, count| {
            if *state == State::Running {
                *state = State::Detached;
                // Relaxed: a later user of the file has it from this thread, or synchronises by a lock.
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

impl<F: HasDetached> Drop for OperationGuard<F> {
    #[inline]
    fn drop(&mut self) {
        let mut was_detached = false;
        self.0.change(|state, count| {
            if *state == State::Detached {
                was_detached = true;
                // Release: pairs with the Acquire in `is_none`.
                count.fetch_sub(1, Ordering::Release);
            }
            *state = State::Done;
        });
        if was_detached {
            self.0.file.detached().notify();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{DetachedOperations, HasDetached, begin};

    #[derive(Default)]
    struct File(DetachedOperations);

    impl HasDetached for File {
        fn detached(&self) -> &DetachedOperations {
            &self.0
        }
    }

    #[test]
    fn an_abandoned_operation_keeps_its_file_busy_until_it_is_done() {
        let file = Arc::new(File::default());
        let (first, first_done) = begin(&file);
        let (second, second_done) = begin(&file);
        assert!(file.0.is_empty(), "somebody waits for both");
        drop(first);
        drop(second);
        assert!(!file.0.is_empty());
        drop(second_done);
        assert!(!file.0.is_empty(), "one goes on");
        drop(first_done);
        assert!(file.0.is_empty());
    }

    #[test]
    fn an_operation_that_was_awaited_to_its_end_is_not_detached() {
        let file = Arc::new(File::default());
        let (waiter, operation) = begin(&file);
        drop(operation);
        assert!(file.0.is_empty());
        drop(waiter);
        assert!(file.0.is_empty());
    }
}
