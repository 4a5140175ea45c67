//! Operations on a file that nobody waits for any more.
//!
//! Idea        An operation that has begun is done, also if its future drops. It then keeps the file busy: what comes later
//!             waits, so that it cannot land behind something newer. The future and the operation have a half each
//!             of what stands between them.
//! States      Running ─operation ends→ Done;  Running ─future drops→ DetachedOperations ─operation ends→ Done
//! Invariants  I1 the count of what was given up is changed under the lock of the states.
//! Rejected    IdleNotify for all operations, given up or not: who reads and writes at many places of one file at a time, as
//!             a database does, would do one at a time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use selkie_core::raw::platform::{Lock, contain_panic};
use selkie_core::raw::wake::WakerCell;

use crate::sync::Notify;

/// The operations on a file that were given up and go on.
#[derive(Default)]
pub(super) struct DetachedOperations {
    count: AtomicUsize,
    /// Who waits by the traits, of whom there is one at a time.
    polled: WakerCell,
    ended: Notify,
}

impl DetachedOperations {
    /// Whether there is none.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        // Acquire: pairs with the Release in `OperationGuard::drop`: what it did has happened.
        self.count.load(Ordering::Acquire) == 0
    }

    /// Waits until there is none.
    pub(super) fn poll_empty(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_empty() {
            return Poll::Ready(());
        }
        self.polled.register(cx.waker());
        // Again: an end that came before the waker was here has woken nobody.
        if self.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// The same, of which any number may wait.
    pub(super) async fn wait_empty(&self) {
        while !self.is_empty() {
            let mut ended = pin!(self.ended.notified());
            // In line before the last look: an end that comes after it is heard.
            ended.as_mut().enable();
            if !self.is_empty() {
                ended.await;
            }
        }
    }

    /// One has ended: whoever waits looks again. A waker's panic is none of the operation's.
    fn notify(&self) {
        self.polled.wake_from_drop();
        let _told = contain_panic(|| self.ended.notify_waiters());
    }
}

/// Who has a file's count.
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
    /// Changes the state by `f`, with the count of what was given up (I1).
    fn change(&self, f: impl FnOnce(&mut State, &AtomicUsize)) {
        let mut state = self.state.lock();
        f(&mut state, &self.file.detached().count);
    }
}

/// Whether an operation keeps the file busy if it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Changes,
}

/// Who waits for an operation; dropped before its end, the operation is given up.
pub(super) struct WaiterGuard<F: HasDetached>(Arc<OperationState<F>>);

/// Who does an operation; it has ended when this drops.
pub(super) struct OperationGuard<F: HasDetached>(Arc<OperationState<F>>);

/// An operation on `file` is about to begin.
pub(super) fn begin<F: HasDetached>(file: &Arc<F>) -> (WaiterGuard<F>, OperationGuard<F>) {
    let state_of = Arc::new(OperationState {
        file: Arc::clone(file),
        state: Lock::new(State::Running),
    });
    (WaiterGuard(Arc::clone(&state_of)), OperationGuard(state_of))
}

/// As [`begin`], if the operation has an effect to be waited for.
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
    /// Whether nobody waits for the operation any more.
    pub(super) fn is_detached(&self) -> bool {
        *self.0.state.lock() == State::Detached
    }
}

impl<F: HasDetached> Drop for WaiterGuard<F> {
    fn drop(&mut self) {
        self.0.change(|state, count| {
            if *state == State::Running {
                *state = State::Detached;
                // Relaxed: whoever comes later on this file has it from this thread, or by a lock.
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

impl<F: HasDetached> Drop for OperationGuard<F> {
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
    fn what_nobody_waits_for_keeps_the_file_busy_until_it_is_done() {
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
    fn what_was_waited_for_to_its_end_was_not_given_up() {
        let file = Arc::new(File::default());
        let (waiter, operation) = begin(&file);
        drop(operation);
        assert!(file.0.is_empty());
        drop(waiter);
        assert!(file.0.is_empty());
    }
}
