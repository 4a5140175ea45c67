//! When the memory of tasks that have ended is released.
//!
//! Idea        A burst of tasks leaves blocks of empty slots. Blocks that have been empty for a second are released, a few
//!             at a time. A busy scheduler checks for them when it looks at its driver, and an idle one sleeps no longer
//!             than that second while there are any. The slot of a task that has ended stays occupied while its handle is
//!             alive: after many tasks have ended, the scheduler checks again, less and less often, also if it finds nothing.
//! Invariants  I1 the owner of tasks that is checked belongs to the caller, or is locked.
//! Rejected    Releasing a block when its last task ends: a program with the same burst over and over would pay for its
//!             memory each time.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::TryLockError;
use std::time::{Duration, Instant};

use selkie_core::raw::task::{OwnedTasks, Schedule};

use crate::sys::stopwatch;

/// How long blocks are there before they go back.
const CALM: Duration = Duration::from_secs(1);
/// How long a scheduler that sleeps waits between two steps.
const PAUSE: Duration = Duration::from_millis(1);
/// Blocks, of 32 KiB each, that go back in one step: it takes some 50 microseconds.
const BLOCKS_A_STEP: usize = 16;
/// Tasks that have ended here before a look at the tasks from elsewhere is worth its lock.
const WORTH_A_LOOK: u64 = 1024;

/// Looks that find nothing before the past is forgotten: the last one 31 seconds after the first.
const FRUITLESS_LOOKS: u32 = 5;

/// What one thread that runs tasks remembers of it.
#[derive(Debug)]
pub(super) struct Trim {
    /// When blocks were first seen that may go back.
    since: Cell<Option<Instant>>,
    /// How many tasks had ended here when the tasks from elsewhere were last looked at.
    finished: Cell<u64>,
    /// Looks that have found nothing, after those tasks ended.
    fruitless: Cell<u32>,
}

impl Trim {
    pub(super) const fn new() -> Self {
        Self {
            since: Cell::new(None),
            finished: Cell::new(0),
            fruitless: Cell::new(0),
        }
    }

    /// Whether there may be something to give back; `finished` tasks have ended here so far.
    fn has_surplus<S: Schedule>(&self, own: &OwnedTasks<S>, finished: u64) -> bool {
        finished.wrapping_sub(self.finished.get()) >= WORTH_A_LOOK || own.has_surplus()
    }

    /// How long a sleep may be that would have been `limit`.
    pub(super) fn limit<S: Schedule>(
        &self,
        own: &OwnedTasks<S>,
        finished: u64,
        limit: Option<Duration>,
    ) -> Option<Duration> {
        if limit == Some(Duration::ZERO) || !self.has_surplus(own, finished) {
            return limit;
        }
        let Some(now) = stopwatch() else {
            return limit;
        };
        let since = self.since.get().unwrap_or(now);
        self.since.set(Some(since));
        let left = (since + CALM).saturating_duration_since(now).max(PAUSE);
        Some(limit.map_or(left, |limit| limit.min(left)))
    }

    /// Gives some memory back if it was there for long; `elsewhere` has the tasks that were spawned on
    /// other threads.
    pub(super) fn look<S: Schedule>(
        &self,
        own: &OwnedTasks<S>,
        elsewhere: &Mutex<Option<OwnedTasks<S>>>,
        finished: u64,
    ) {
        if !self.has_surplus(own, finished) {
            return self.since.set(None);
        }
        let Some(now) = stopwatch() else {
            return;
        };
        let Some(since) = self.since.get() else {
            return self.since.set(Some(now));
        };
        if now.saturating_duration_since(since) < CALM {
            return;
        }
        let mut found = own.has_surplus();
        let mut more = found && own.trim(BLOCKS_A_STEP);
        let locked = match elsewhere.try_lock() {
            Ok(locked) => Some(locked),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            // Somebody spawns: there is something going on.
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(tasks) = locked.as_deref().and_then(Option::as_ref) {
            let has_surplus = tasks.has_surplus();
            found |= has_surplus;
            more |= has_surplus && tasks.trim(BLOCKS_A_STEP);
        }
        let fruitless = if found { 0 } else { self.fruitless.get() + 1 };
        self.fruitless.set(fruitless);
        if more {
            return;
        }
        if fruitless <= FRUITLESS_LOOKS {
            // The next look is after twice the time.
            let wait = CALM * ((1 << fruitless) - 1);
            return self.since.set(Some(now + wait));
        }
        self.fruitless.set(0);
        self.finished.set(finished);
        self.since.set(None);
    }
}
