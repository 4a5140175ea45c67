//! PlannedOutcome entries get to the system, also when it takes none for a while.
//!
//! Idea        Whoever submits submits all that is queued. The system may refuse for now, because it has no memory.
//!             Then the entries stay where they are, and a thread retries with increasing pauses until they are
//!             taken. No worker waits for that, and operations on files go to the blocking pool meanwhile.
//! States      free ─a refusal for now→ backing off ─taken→ free; either ─a refusal for good→ broken;
//!             backing off ─the runtime has shut down, and `GIVE_UP_AFTER` has passed→ broken
//! Invariants  I1 entries that are being submitted and not taken are not reported to anybody, and their operations
//!                keep what they own: the system may see them at the next call.
//!             I2 while a ring is backing off there is a thread that retries; `is_backing_off` is changed while
//!                `entering` is held.
//! Rejected    To close the ring when it is refused for long: the refusal passes, and the ring would be gone for
//!             the life of the runtime. To let the worker retry whenever it is about to sleep: it would not sleep.
#![allow(unsafe_code)]

use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::operations::AfterUnlock;
use super::queue_pair::SubmitOutcome;
use super::ring::Ring;
use crate::threads::start_library_thread;

/// The first and the longest pause between two attempts of the thread.
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(50);
/// PlannedOutcome long after the shutdown of the runtime the system may still refuse.
const GIVE_UP_AFTER: Duration = Duration::from_secs(1);

impl Ring {
    /// Submits what is queued. What was taken out of the queue before has been submitted then, too, or the ring
    /// is backing off.
    #[inline]
    pub(super) fn submit_all(&self) {
        let mut after = None;
        self.submit_with(&mut after, false);
        if let Some(after) = after {
            AfterUnlock::run(after);
            // The completions may have queued more.
            self.reap();
        }
    }

    /// The same; what must be done after the lock is released goes into `after`. If the system refuses for now,
    /// the ring backs off, or is broken if `ends`.
    #[inline]
    fn submit_with(&self, after: &mut Option<AfterUnlock>, ends: bool) {
        let mut entries = self.enter();
        let mut state = self.lock();
        // I1 of the ring
        if entries.all.is_empty() {
            mem::swap(&mut entries.all, &mut state.unsubmitted);
        } else {
            entries.all.append(&mut state.unsubmitted);
        }
        if state.is_broken {
            return state.fail_unsubmitted(entries.all.drain(..));
        }
        let was_backing_off = state.is_backing_off;
        drop(state);
        let reap = || self.take(&mut self.lock(), after.get_or_insert_default());
        // SAFETY: `entering` is held (I1 of the ring); what the entries point to is in the slots until the last
        // completion.
        let submitted = unsafe { self.system.submit(&mut entries, reap) };
        match submitted {
            SubmitOutcome::All if was_backing_off => self.lock().is_backing_off = false,
            SubmitOutcome::All => {}
            SubmitOutcome::Retry if !ends && (was_backing_off || self.start_retrying()) => {
                self.lock().is_backing_off = true; // I2
            }
            SubmitOutcome::Retry | SubmitOutcome::Refused => {
                let mut state = self.lock();
                state.is_backing_off = false;
                state.fail_unsubmitted(entries.all.drain(..));
            }
        }
    }

    /// Starts a thread that retries; `false` if the system gives none.
    #[inline]
    fn start_retrying(&self) -> bool {
        let Some(ring) = self.own.upgrade() else {
            return false; // It is being dropped.
        };
        let retry = move || retry_until_accepted(&ring);
        start_library_thread("selkie-ring-held-up", Box::new(retry)).is_ok()
    }
}

/// Retries until the system takes the entries.
#[inline]
fn retry_until_accepted(ring: &Arc<Ring>) {
    let mut wait = FIRST_WAIT;
    let mut ended_at = None;
    loop {
        thread::sleep(wait);
        wait = (wait * 2).min(LONGEST_WAIT);
        let state = ring.lock();
        let has_ended = state.has_ended;
        drop(state);
        let ended_at = has_ended.then(|| *ended_at.get_or_insert_with(Instant::now));
        let mut after = None;
        let ends = ended_at.is_some_and(|at| at.elapsed() >= GIVE_UP_AFTER);
        ring.submit_with(&mut after, ends);
        ring.reap();
        if let Some(after) = after {
            AfterUnlock::run(after);
        }
        if !ring.lock().is_backing_off {
            return;
        }
    }
}
