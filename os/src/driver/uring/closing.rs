//! How a ring ends.
//!
//! Idea        What is under way is cancelled, and everyone who waits for it is woken: who lent nothing to
//!             the system is told at once that the runtime has ended. What owns memory of the program is
//!             waited for, since it comes back with the outcome: as a rule it has ended by then. What the
//!             system cannot cancel, a read that a server does not answer, may take for ever, and whoever
//!             ends the runtime says how long it may be waited for. What is under way after that a thread
//!             waits for, which nobody waits for: so the outcome is told, and memory and descriptors go
//!             back, whenever the system is done.
//! States      open ─begin_close→ closed ─await_last→ nothing under way, or ─see_off→ a thread's
//! Invariants  I1 nobody waits under a lock; another thread may take the completion that is waited for,
//!             hence the waits are short and the state is looked at after each.
//!             I2 what the system may still touch when the ring drops stays for good, and the ring's own
//!             memory with it.
//! Rejected    To leave to the waiters what is under way after the limit: a task that waits is woken by
//!             nobody. A thread of the pool: it has closed, or takes what is left of the same limit.
#![allow(unsafe_code)]

use std::mem::{self, ManuallyDrop};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use selkie_core::platform::contain_panic;

use super::operations::After;
use super::ring::Ring;
use super::system::wait_for_any;

/// The longest wait between two looks (I1).
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the thread of what is left first waits between two looks, and how long it waits at most (I1).
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How long the closing thread waits where the system gives no other.
const WITHOUT_THREAD: Duration = Duration::from_millis(100);

impl Ring {
    /// Takes no further operations, cancels those under way, and wakes everyone who waits.
    pub(super) fn begin_close(&self) {
        if !self.is_same_process() {
            return; // I6 of the ring.
        }
        let mut after = After::default();
        let mut state = self.lock();
        state.is_closed = true;
        state.has_ended = true;
        self.take(&mut state, &mut after);
        for index in state.operations.flying() {
            state.cancel(index);
        }
        state.operations.wake_all(&mut after);
        for starved in state.groups.iter().flatten() {
            after.wake(starved.take());
        }
        drop(state);
        self.submit_all();
        after.do_it();
    }

    /// Waits for the last operation that can be cancelled, until `deadline`; not for notices, which are the
    /// peers' to cause.
    pub(super) fn await_last(&self, deadline: Option<Instant>) {
        while self.is_same_process() && self.has_cancellable() {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return;
            }
            // I1
            let limit = left.map_or(LOOK_EVERY, |left| left.min(LOOK_EVERY));
            wait_for_any([self.fd()].into_iter(), limit);
        }
    }

    /// Takes what is complete, and says whether something under way ends by being cancelled.
    fn has_cancellable(&self) -> bool {
        self.reap();
        let state = self.lock();
        state.operations.cancellable() > 0 && !state.is_broken
    }

    /// Takes what is complete, and says whether something is under way that ends at some time.
    fn has_left(&self) -> bool {
        self.reap();
        let state = self.lock();
        state.operations.under_way() > 0 && !state.is_broken
    }

    /// Whether nobody has asked this before.
    fn is_seen_off_first(&self) -> bool {
        !mem::replace(&mut self.lock().is_seen_off, true)
    }
}

/// Has a thread wait for what is still under way on `rings`, which are closed.
pub(super) fn see_off<'a>(rings: impl Iterator<Item = &'a Arc<Ring>>) {
    let is_left =
        |ring: &&Arc<Ring>| ring.is_same_process() && ring.has_left() && ring.is_seen_off_first();
    let left: Vec<_> = rings.filter(is_left).cloned().collect();
    if left.is_empty() {
        return;
    }
    let theirs = left.clone();
    let thread = thread::Builder::new().name("selkie-rings-end".to_owned());
    if thread.spawn(move || wait_for_all(theirs)).is_err() {
        let until = Instant::now() + WITHOUT_THREAD;
        left.iter().for_each(|ring| ring.await_last(Some(until)));
    }
}

/// Takes what completes on `rings`, until nothing is under way on any.
fn wait_for_all(mut rings: Vec<Arc<Ring>>) {
    let mut limit = FIRST_WAIT;
    loop {
        // What the operations owned is foreign code as it drops; should it panic, the others go on.
        rings.retain(|ring| contain_panic(|| ring.has_left()) != Some(false));
        if rings.is_empty() {
            return;
        }
        wait_for_any(rings.iter().map(|ring| ring.fd()), limit);
        limit = (limit * 2).min(LONGEST_WAIT);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if !self.is_same_process() {
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
