//! When the memory of tasks that have ended is given back.
//!
//! Idea        A burst of tasks leaves blocks of free slots. Blocks that stay free for a second are given back, a
//!             few at a time: a busy scheduler checks when it does its maintenance, and one that sleeps does not
//!             sleep longer than that second while there are any. The slots of tasks that have ended stay taken
//!             while their handles live: after many tasks have ended the scheduler checks again, less and less
//!             often, even if it finds nothing.
//! Invariants  I1 the owner of the tasks that are checked belongs to the caller, or is locked.
//! Rejected    To give a block back at once when its last task ends: a program that makes the same burst again and
//!             again would pay for its memory each time.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::TryLockError;
use std::time::{Duration, Instant};

use selkie_core::raw::task::{OwnedTasks, Schedule};

use crate::sys::stopwatch;

/// How long blocks are free before they are given back.
const TRIM_DELAY: Duration = Duration::from_secs(1);
/// How long a scheduler that sleeps waits between two steps.
const PAUSE: Duration = Duration::from_millis(1);
/// The blocks, of 32 KiB each, that are given back in one step, which takes some 50 microseconds.
const BLOCKS_PER_STEP: usize = 16;
/// How many tasks must have ended here before a check of the tasks from other threads is worth its lock.
const MIN_FINISHED: u64 = 1024;

/// After how many checks without result the count is reset: the last one is 31 seconds after the first.
const MAX_FRUITLESS: u32 = 5;

/// What one thread that runs tasks remembers about that.
#[derive(Debug)]
pub(super) struct Trim {
    /// When blocks were first found that may be given back.
    since: Cell<Option<Instant>>,
    /// How many tasks had ended here when the tasks from other threads were last checked.
    finished: Cell<u64>,
    /// Checks without result, since then.
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
        finished.wrapping_sub(self.finished.get()) >= MIN_FINISHED || own.has_surplus()
    }

    /// Shortens `limit`, the length of a sleep, if there may be memory to give back.
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
        let left = (since + TRIM_DELAY)
            .saturating_duration_since(now)
            .max(PAUSE);
        Some(limit.map_or(left, |limit| limit.min(left)))
    }

    /// Gives some memory back if it has been free for long; `elsewhere` owns the tasks that were spawned on
    /// other threads.
    pub(super) fn trim_if_due<S: Schedule>(
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
        if now.saturating_duration_since(since) < TRIM_DELAY {
            return;
        }
        let mut found = own.has_surplus();
        let mut more = found && own.trim(BLOCKS_PER_STEP);
        let locked = match elsewhere.try_lock() {
            Ok(locked) => Some(locked),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            // Another thread spawns: the scheduler is in use.
            Err(TryLockError::WouldBlock) => None,
        };
        if let Some(tasks) = locked.as_deref().and_then(Option::as_ref) {
            let has_surplus = tasks.has_surplus();
            found |= has_surplus;
            more |= has_surplus && tasks.trim(BLOCKS_PER_STEP);
        }
        let fruitless = if found { 0 } else { self.fruitless.get() + 1 };
        self.fruitless.set(fruitless);
        if more {
            return;
        }
        if fruitless <= MAX_FRUITLESS {
            // The next check is after twice the time.
            let wait = TRIM_DELAY * ((1 << fruitless) - 1);
            return self.since.set(Some(now + wait));
        }
        self.fruitless.set(0);
        self.finished.set(finished);
        self.since.set(None);
    }
}
