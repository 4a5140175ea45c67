//! Operations on a file that nobody waits for any more.
//!
//! Idea        An operation that has begun is done, also if its future drops. It then keeps the file busy: what comes later
//!             waits, so that it cannot land behind something newer. The future and the operation have a half each
//!             of what stands between them.
//! States      Running ─operation ends→ Done;  Running ─future drops→ GivenUp ─operation ends→ Done
//! Invariants  I1 the count of what was given up is changed under the lock of the states.
//! Rejected    Waiting for all operations, given up or not: who reads and writes at many places of one file at a time, as
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
pub(super) struct GivenUp {
    count: AtomicUsize,
    /// Who waits by the traits, of whom there is one at a time.
    polled: WakerCell,
    ended: Notify,
}

impl GivenUp {
    /// Whether there is none.
    #[inline]
    pub(super) fn is_none(&self) -> bool {
        // Acquire: pairs with the Release in `Doer::drop`: what it did has happened.
        self.count.load(Ordering::Acquire) == 0
    }

    /// Waits until there is none.
    pub(super) fn poll_none(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_none() {
            return Poll::Ready(());
        }
        self.polled.register(cx.waker());
        // Again: an end that came before the waker was here has woken nobody.
        if self.is_none() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// The same, of which any number may wait.
    pub(super) async fn none(&self) {
        while !self.is_none() {
            let mut ended = pin!(self.ended.notified());
            // In line before the last look: an end that comes after it is heard.
            ended.as_mut().enable();
            if !self.is_none() {
                ended.await;
            }
        }
    }

    /// One has ended: whoever waits looks again. A waker's panic is none of the operation's.
    fn tell(&self) {
        self.polled.wake_from_drop();
        let _told = contain_panic(|| self.ended.notify_waiters());
    }
}

/// Who has a file's count.
pub(super) trait Flown: Send + Sync {
    fn given_up(&self) -> &GivenUp;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    GivenUp,
    Done,
}

struct Flight<F: Flown> {
    file: Arc<F>,
    state: Lock<State>,
}

impl<F: Flown> Flight<F> {
    /// Changes the state by `f`, with the count of what was given up (I1).
    fn change(&self, f: impl FnOnce(&mut State, &AtomicUsize)) {
        let mut state = self.state.lock();
        f(&mut state, &self.file.given_up().count);
    }
}

/// Whether an operation keeps the file busy if it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Reads,
    Changes,
}

/// Who waits for an operation; dropped before its end, the operation is given up.
pub(super) struct Waiter<F: Flown>(Arc<Flight<F>>);

/// Who does an operation; it has ended when this drops.
pub(super) struct Doer<F: Flown>(Arc<Flight<F>>);

/// An operation on `file` is about to begin.
pub(super) fn begin<F: Flown>(file: &Arc<F>) -> (Waiter<F>, Doer<F>) {
    let flight = Arc::new(Flight {
        file: Arc::clone(file),
        state: Lock::new(State::Running),
    });
    (Waiter(Arc::clone(&flight)), Doer(flight))
}

/// As [`begin`], if the operation has an effect to be waited for.
pub(super) fn begin_with<F: Flown>(
    effect: Effect,
    file: &Arc<F>,
) -> (Option<Waiter<F>>, Option<Doer<F>>) {
    match effect {
        Effect::Reads => (None, None),
        Effect::Changes => {
            let (waiter, doer) = begin(file);
            (Some(waiter), Some(doer))
        }
    }
}

#[cfg(unix)]
impl<F: Flown> Doer<F> {
    /// Whether nobody waits for the operation any more.
    pub(super) fn is_given_up(&self) -> bool {
        *self.0.state.lock() == State::GivenUp
    }
}

impl<F: Flown> Drop for Waiter<F> {
    fn drop(&mut self) {
        self.0.change(|state, count| {
            if *state == State::Running {
                *state = State::GivenUp;
                // Relaxed: whoever comes later on this file has it from this thread, or by a lock.
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

impl<F: Flown> Drop for Doer<F> {
    fn drop(&mut self) {
        let mut was_given_up = false;
        self.0.change(|state, count| {
            if *state == State::GivenUp {
                was_given_up = true;
                // Release: pairs with the Acquire in `is_none`.
                count.fetch_sub(1, Ordering::Release);
            }
            *state = State::Done;
        });
        if was_given_up {
            self.0.file.given_up().tell();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Flown, GivenUp, begin};

    #[derive(Default)]
    struct File(GivenUp);

    impl Flown for File {
        fn given_up(&self) -> &GivenUp {
            &self.0
        }
    }

    #[test]
    fn what_nobody_waits_for_keeps_the_file_busy_until_it_is_done() {
        let file = Arc::new(File::default());
        let (first, first_done) = begin(&file);
        let (second, second_done) = begin(&file);
        assert!(file.0.is_none(), "somebody waits for both");
        drop(first);
        drop(second);
        assert!(!file.0.is_none());
        drop(second_done);
        assert!(!file.0.is_none(), "one goes on");
        drop(first_done);
        assert!(file.0.is_none());
    }

    #[test]
    fn what_was_waited_for_to_its_end_was_not_given_up() {
        let file = Arc::new(File::default());
        let (waiter, doer) = begin(&file);
        drop(doer);
        assert!(file.0.is_none());
        drop(waiter);
        assert!(file.0.is_none());
    }
}
