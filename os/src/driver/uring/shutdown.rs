//! The shutdown of a ring.
//!
//! Idea        The operations in flight are cancelled, and everyone who waits for one is woken. An operation that
//!             has lent no memory to the system reports the end of the runtime at once. An operation that owns
//!             memory of the program is waited for, since the memory comes back with the outcome; as a rule that is
//!             so by then. An operation that the system cannot cancel, such as a read that a server does not
//!             answer, may take for ever: whoever shuts the runtime down says how long to wait for it. A background
//!             thread waits for the operations that are in flight after that, and nobody waits for the thread. So
//!             outcomes are delivered, and memory and descriptors come back, whenever the system is done.
//! States      open ─begin_close→ closed ─wait_for_in_flight→ nothing in flight, or ─wait_in_background→ left to a
//!             thread
//! Invariants  I1 nobody waits while holding a lock. Another thread may take the completion that is waited for, so
//!                waits are short, and the state is looked at after each.
//!             I2 what the system may still touch when the ring is dropped is leaked, and so is the memory of the
//!                ring.
//! Rejected    To leave to the tasks what is in flight after the limit: nobody wakes a task that waits. A thread of
//!             the blocking pool: the pool has shut down, or uses what is left of the same limit.
#![allow(unsafe_code)]

use std::mem::{self, ManuallyDrop};
use std::sync::Arc;
use std::time::{Duration, Instant};

use selkie_core::raw::platform::contain_panic;

use super::operations::AfterUnlock;
use super::queue_pair::wait_for_any;
use super::ring::Ring;
use crate::threads::start_library_thread;

/// The longest wait between two looks at the state (I1).
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The first and the longest wait of the background thread between two looks (I1).
const FIRST_WAIT: Duration = Duration::from_millis(1);
const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// PlannedOutcome long the closing thread waits if the system gives no background thread.
const WITHOUT_THREAD: Duration = Duration::from_millis(100);

impl Ring {
    /// Refuses further operations, cancels those in flight, and wakes everyone who waits.
    #[inline]
    pub(super) fn begin_close(&self) {
        if !self.is_same_process() {
            return; // I6 of the ring.
        }
        let mut after = AfterUnlock::default();
        let mut state = self.lock();
        state.is_closed = true;
        state.has_ended = true;
        self.take(&mut state, &mut after);
        for index in state.operations.cancellable_indices() {
            state.cancel(index);
        }
        state.operations.wake_all(&mut after);
        for waiters in state.groups.iter().flatten() {
            after.wake(waiters.take());
        }
        drop(state);
        self.submit_all();
        after.run();
    }

    /// Waits until `deadline` for the last operation that can be cancelled. Does not wait for the notifications
    /// of zero-copy sends, which depend on the peers.
    #[inline]
    pub(super) fn wait_for_in_flight(&self, deadline: Option<Instant>) {
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

    /// Takes the completions, and returns whether an operation is in flight that can be cancelled.
    #[inline]
    fn has_cancellable(&self) -> bool {
        self.reap();
        let state = self.lock();
        state.operations.cancellable() > 0 && !state.is_broken
    }

    /// How many operations are in flight, completions that nobody has taken yet included.
    #[inline]
    pub(super) fn in_flight(&self) -> usize {
        self.lock().operations.in_flight()
    }

    /// Takes the completions, and returns whether any operation is in flight.
    #[inline]
    fn has_in_flight(&self) -> bool {
        self.reap();
        let state = self.lock();
        state.operations.in_flight() > 0 && !state.is_broken
    }

    /// Returns `true` at the first call only.
    #[inline]
    fn is_first_background_wait(&self) -> bool {
        !mem::replace(&mut self.lock().has_background_wait, true)
    }
}

/// Makes a thread wait for the operations that are still in flight on `rings`, which are closed.
#[inline]
pub(super) fn wait_in_background<'a>(rings: impl Iterator<Item = &'a Arc<Ring>>) {
    let is_left = |ring: &&Arc<Ring>| {
        ring.is_same_process() && ring.has_in_flight() && ring.is_first_background_wait()
    };
    let left: Vec<_> = rings.filter(is_left).cloned().collect();
    if left.is_empty() {
        return;
    }
    let theirs = left.clone();
    let wait = move || wait_for_all(theirs);
    if start_library_thread("selkie-rings-end", Box::new(wait)).is_err() {
        let until = Instant::now() + WITHOUT_THREAD;
        left.iter()
            .for_each(|ring| ring.wait_for_in_flight(Some(until)));
    }
}

/// Takes the completions of `rings` until nothing is in flight on any.
#[inline]
fn wait_for_all(mut rings: Vec<Arc<Ring>>) {
    let mut limit = FIRST_WAIT;
    loop {
        // What the operations owned runs foreign code when it is dropped. If that panics, the other rings go
        // on.
        rings.retain(|ring| contain_panic(|| ring.has_in_flight()) != Some(false));
        if rings.is_empty() {
            return;
        }
        wait_for_any(rings.iter().map(|ring| ring.fd()), limit);
        limit = (limit * 2).min(LONGEST_WAIT);
    }
}

impl Drop for Ring {
    #[inline]
    fn drop(&mut self) {
        if !self.is_same_process() {
            // I6 of the ring: the operations are leaked, too.
            return self.state.get_mut().operations.forget();
        }
        self.begin_close();
        // Whoever shut the runtime down has waited for as long as it wanted to.
        self.wait_for_in_flight(Some(Instant::now()));
        let state = self.state.get_mut();
        if state.operations.cancellable() == 0 {
            // SAFETY: dropped here only; nothing is in flight that has more to report than a notification (I2).
            unsafe { ManuallyDrop::drop(&mut self.system) };
        }
        if state.operations.in_flight() > 0 {
            // I2
            state.operations.forget();
        }
    }
}
