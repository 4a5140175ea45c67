//! Finds the deadlock of a lock that was handed to a future which its task polls no more.
//!
//! Idea        A task queues for a mutex, keeps that future aside (`select!` by reference), and then
//!             awaits the same mutex again. The lock is handed to the first future, the task polls
//!             only the second, and both wait for ever. In debug builds the lock remembers whose
//!             waker it was handed to. If that very task then keeps polling another wait for it,
//!             it is told: it is woken a few times, so that a task that polls all its futures gets
//!             to the right one, and then the wait panics.
//! States      nobody ─serve→ handed to a task ─its future polled or dropped→ nobody
//! Invariants  I1 a task is known by its waker's two words, which are compared and never followed.
//! Rejected    A timeout: a long wait is no deadlock.

use core::task::Waker;

use crate::maybe_const;
#[cfg(debug_assertions)]
use crate::platform::Lock;

/// Polls of another wait by the task that holds the lock unknowingly, before it is told.
const PATIENCE: u8 = 3;

/// A waker's data and vtable.
type TaskMark = (usize, usize);

fn mark_of(waker: &Waker) -> Option<TaskMark> {
    // Every task that has no waker has this one.
    if waker.will_wake(Waker::noop()) {
        return None;
    }
    Some((
        waker.data().addr(),
        core::ptr::from_ref(waker.vtable()).addr(),
    ))
}

/// The task that is remembered.
#[cfg(debug_assertions)]
#[derive(Debug)]
struct Remembered(Lock<Option<TaskMark>>);

#[cfg(debug_assertions)]
impl Remembered {
    maybe_const! {
        fn new() -> Self {
            Self(Lock::new(None))
        }
    }

    fn set(&self, mark: Option<TaskMark>) {
        *self.0.lock() = mark;
    }

    fn is(&self, mark: TaskMark) -> bool {
        *self.0.lock() == Some(mark)
    }
}

/// Nothing is remembered in release builds.
#[cfg(not(debug_assertions))]
#[derive(Debug)]
struct Remembered;

#[cfg(not(debug_assertions))]
impl Remembered {
    const fn new() -> Self {
        Self
    }

    const fn set(&self, _mark: Option<TaskMark>) {}

    const fn is(&self, _mark: TaskMark) -> bool {
        false
    }
}

/// Whom a lock was handed to and who has not come for it; takes part in debug builds only.
#[derive(Debug)]
pub(super) struct Handover {
    task: Remembered,
}

impl Handover {
    maybe_const! {
        /// Nobody.
        pub(super) fn new() -> Self {
            Self { task: Remembered::new() }
        }
    }

    /// The task that `waker` wakes was handed the lock.
    pub(super) fn handed_to(&self, waker: &Waker) {
        self.task.set(mark_of(waker));
    }

    /// The task came for it, or gave it back.
    pub(super) fn claimed(&self) {
        self.task.set(None);
    }

    /// A task waits for the lock. If it was handed the lock itself, it is woken, and in the end
    /// told; `polls` counts.
    ///
    /// # Panics
    /// When the task was woken often enough to have polled all it polls.
    pub(super) fn check(&self, waker: &Waker, polls: &mut u8) {
        if !mark_of(waker).is_some_and(|mark| self.task.is(mark)) {
            *polls = 0;
            return;
        }
        *polls += 1;
        assert!(
            *polls < PATIENCE,
            "deadlock: this task waits for a mutex that was handed to another `lock` future of \
             the same task, which it does not poll any more; poll that future to its end, or drop it"
        );
        waker.wake_by_ref();
    }
}
