//! Finds a lock that was granted to a future which its task no longer polls: a deadlock.
//!
//! Idea        A task queues for a mutex, keeps that future without polling it (`select!` by reference),
//!             and then awaits the same mutex again. The lock is granted to the first future, the task
//!             polls only the second, and both wait, usually for ever. In debug builds the lock
//!             remembers the waker of the future that it was granted to. If the same task then keeps
//!             polling another wait for the lock, it is first woken a few times, since a task that polls
//!             all its futures then polls the first one too. After that the user is warned, once for
//!             each wait.
//! States      nobody ─serve→ granted to a task ─its future polled or dropped→ nobody
//! Invariants  I1 a task is known by its waker's two words, which are compared and never followed.
//! Rejected    A timeout: a long wait is no deadlock.
//!             A panic: the first future may still be dropped, by a timer in the same `select!` for example.

use core::task::Waker;

use crate::log::warning;
use crate::maybe_const;
#[cfg(debug_assertions)]
use crate::platform::Lock;
use crate::platform::tell;

/// Polls of another wait by the task that holds the lock unknowingly, before its user is warned.
const PATIENCE: u8 = 3;

const WARNING: &str = "a task waits for a mutex that was handed to another `lock` future of the same task, which \
                       it has not polled since: unless it is polled, or dropped, this is a deadlock";

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
struct RememberedTask(Lock<Option<TaskMark>>);

#[cfg(debug_assertions)]
impl RememberedTask {
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
struct RememberedTask;

#[cfg(not(debug_assertions))]
impl RememberedTask {
    const fn new() -> Self {
        Self
    }

    const fn set(&self, _mark: Option<TaskMark>) {}

    const fn is(&self, _mark: TaskMark) -> bool {
        false
    }
}

/// The task that a lock was granted to and that has not come for it; takes part in debug builds only.
#[derive(Debug)]
pub(super) struct DeadlockDetection {
    task: RememberedTask,
}

impl DeadlockDetection {
    maybe_const! {
        /// Nobody.
        pub(super) fn new() -> Self {
            Self { task: RememberedTask::new() }
        }
    }

    /// The task that `waker` wakes was handed the lock.
    pub(super) fn granted_to(&self, waker: &Waker) {
        self.task.set(mark_of(waker));
    }

    /// The task came for it, or gave it back.
    pub(super) fn claimed(&self) {
        self.task.set(None);
    }

    /// A task waits for the lock. If it was handed the lock itself, it is woken, often enough to poll
    /// all that it polls, and then the user is warned; `polls` counts.
    pub(super) fn check(&self, waker: &Waker, polls: &mut u8) {
        if !mark_of(waker).is_some_and(|mark| self.task.is(mark)) {
            *polls = 0;
            return;
        }
        if *polls < PATIENCE {
            *polls += 1;
            waker.wake_by_ref();
        } else if *polls == PATIENCE {
            *polls += 1;
            warning!("a task waits for a mutex that its own other `lock` future was handed");
            tell(WARNING);
        }
    }
}
