//! How entries get to the system, also if it takes none for a while.
//!
//! Idea        Whoever submits hands over all that lies in the line. The system may refuse for now, since it
//!             has no memory. Then the entries stay where they are, and a thread tries again and again, which
//!             ends with them: no worker waits for that, and files go to the blocking pool meanwhile.
//! States      free ─a refusal for now→ held up ─taken→ free;   either ─a refusal for good→ broken;
//!             held up ─the runtime has ended, and `GIVE_UP_AFTER` with it→ broken
//! Invariants  I1 entries that are on their way and not taken are told to nobody, and their operations keep what
//!                they own: the system may see them at the next call.
//!             I2 while a ring is held up, there is a thread that tries; `is_held_up` is changed with `entering`
//!                held.
//! Rejected    To end the ring when it is refused for long: the refusal passes, and the ring would be gone for
//!             the runtime's life. To have the worker try whenever it is about to sleep: it would not sleep.
#![allow(unsafe_code)]

use std::mem;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::operations::After;
use super::ring::Ring;
use super::system::Submitted;

/// How long the thread waits between two attempts, first and at most.
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_millis(50);
/// How long after the runtime's end the system may still refuse.
const GIVE_UP_AFTER: Duration = Duration::from_secs(1);

impl Ring {
    /// Submits what lies in the line; what was taken out of it before has been submitted then, too, or the
    /// ring is held up.
    pub(super) fn submit_all(&self) {
        let mut after = None;
        self.submit_with(&mut after, false);
        if let Some(after) = after {
            After::do_it(after);
            // What was taken may have left more in the line.
            self.reap();
        }
    }

    /// The same; what is to be done without the lock goes into `after`. If the system refuses for now, the
    /// ring is held up, or broken if `ends`.
    fn submit_with(&self, after: &mut Option<After>, ends: bool) {
        let mut entries = self.enter();
        let mut state = self.lock();
        // I1 of the ring
        if entries.all.is_empty() {
            mem::swap(&mut entries.all, &mut state.line);
        } else {
            entries.all.append(&mut state.line);
        }
        if state.is_broken {
            return state.break_off(entries.all.drain(..));
        }
        let was_held_up = state.is_held_up;
        drop(state);
        let reap = || self.take(&mut self.lock(), after.get_or_insert_default());
        // SAFETY: `entering` is held (I1 of the ring); what entries point to is in the slots until the last
        // completion.
        let submitted = unsafe { self.system.submit(&mut entries, reap) };
        match submitted {
            Submitted::All if was_held_up => self.lock().is_held_up = false,
            Submitted::All => {}
            Submitted::Later if !ends && (was_held_up || self.begin_to_try()) => {
                self.lock().is_held_up = true; // I2
            }
            Submitted::Later | Submitted::Never => {
                let mut state = self.lock();
                state.is_held_up = false;
                state.break_off(entries.all.drain(..));
            }
        }
    }

    /// Has a thread try again; `false` if there is none to be had.
    fn begin_to_try(&self) -> bool {
        let Some(ring) = self.own.upgrade() else {
            return false; // It is being dropped.
        };
        let thread = thread::Builder::new().name("selkie-ring-held-up".to_owned());
        thread.spawn(move || try_again(&ring)).is_ok()
    }
}

/// Submits what is held up, as soon as the system takes it.
fn try_again(ring: &Arc<Ring>) {
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
            After::do_it(after);
        }
        if !ring.lock().is_held_up {
            return;
        }
    }
}
