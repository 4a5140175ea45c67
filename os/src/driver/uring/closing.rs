//! How a ring ends.
//!
//! Idea        What is under way is cancelled, and then waited for: as a rule it has ended by then. What the
//!             system cannot cancel, a read that a server does not answer, may take for ever, and whoever
//!             ends the runtime says how long it may be waited for.
//! States      open ─begin_close→ closed ─await_last→ nothing under way, or abandoned
//! Invariants  I1 nobody waits under a lock; another thread may take the completion that is waited for,
//!             hence the waits are short and the state is looked at after each.
//!             I2 what the system may still touch when the ring drops stays for good, and the ring's own
//!             memory with it.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::time::{Duration, Instant};

use super::operations::After;
use super::ring::Ring;

/// The longest wait between two looks (I1).
const LOOK_EVERY: Duration = Duration::from_millis(20);

impl Ring {
    /// Takes no further operations, and cancels those under way.
    pub(super) fn begin_close(&self) {
        if !self.is_here() {
            return; // I6 of the ring.
        }
        let mut after = After::default();
        let mut state = self.lock();
        state.is_closed = true;
        self.take(&mut state, &mut after);
        for index in state.operations.flying() {
            state.cancel(index);
        }
        drop(state);
        self.submit_all();
        after.do_it();
    }

    /// Waits for the last operation that can be cancelled, until `deadline`; not for notices, which are the
    /// peers' to cause.
    pub(super) fn await_last(&self, deadline: Option<Instant>) {
        while self.is_here() && self.has_cancellable() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return;
            }
            // I1
            self.system
                .wait(left.map_or(LOOK_EVERY, |left| left.min(LOOK_EVERY)));
        }
    }

    /// Takes what is complete, and says whether something under way ends by being cancelled.
    fn has_cancellable(&self) -> bool {
        self.reap();
        let state = self.lock();
        state.operations.cancellable() > 0 && !state.is_broken
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if !self.is_here() {
            // I6 of the ring: the slots stay, too.
            return self.state.get_mut().operations.forget();
        }
        self.begin_close();
        // Whoever ended the runtime has waited for as long as it wanted to.
        self.await_last(Some(Instant::now()));
        let state = self.state.get_mut();
        if state.operations.cancellable() == 0 {
            // SAFETY: dropped here alone; nothing is under way that tells more than a notice (I2).
            unsafe { ManuallyDrop::drop(&mut self.system) };
        }
        if state.operations.under_way() > 0 {
            // I2
            state.operations.forget();
        }
    }
}
