//! Where a worker puts tasks that are woken on it, and who is told.
//!
//! Idea        The task woken last runs next, from the LIFO slot; the one before it goes into the ring, from where others may
//!             take it; a full ring gives half to the inject queue. Another worker is told of what it could take, but
//!             not of what an event has just woken, unless that is much.
//! Invariants  I1 the LIFO slot is filled by the thread that has the core alone; everyone may empty it.
//!             I2 others are told as the ring grows to one task, and to each power of two: nobody lies down while there is a
//!                task in any ring, and who is woken wakes the next if there is more, so that no more is needed (`idle`).
//!                What an event put there without a word is told of with the next push.
//! Rejected    To tell of each push: a fence, and two lines that searching workers write, for each task that is spawned.
//!             A wake of another worker for each event that the driver tells of: a wake takes as long as a few short tasks.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use selkie_core::raw::collections::{Chain, QueueHandle};
use selkie_core::raw::task::Notified;

use super::super::yields::Yields;
use super::worker::Worker;

impl Worker<'_> {
    /// Adds a token to the ring; a full ring sends half of its tasks to the inject queue.
    pub(super) fn push_ring(&self, token: Notified) {
        let Some(ring) = self.ring.take() else {
            // A waker has handed the core off: the ring is another thread's.
            return self.shared.push_outside(token);
        };
        let pushed = ring.push(token);
        self.put_ring(ring);
        let Err(token) = pushed else { return };
        let mut overflow = Chain::new();
        self.remote.ring.take_half(|token| overflow.push(token));
        overflow.push(token);
        self.remote.counters.overflows.increment();
        if let Err(mut back) =
            self.shared.inject[self.index % self.shared.inject.len()].append(overflow)
        {
            while let Some(token) = back.pop() {
                token.discard();
            }
        }
    }

    /// Queues a task that was woken on this worker: it runs next, its predecessor goes behind.
    #[inline]
    pub(super) fn push_woken(&self, token: Notified) {
        self.remote.counters.local_schedules.increment();
        self.shared.tell_queued(&token);
        if !self.shared.config.lifo_slot {
            return self.push_behind(token);
        }
        let lifo = &self.remote.lifo;
        // Relaxed: nobody but this thread fills the slot, so an empty one stays empty (I1).
        if lifo.load(Ordering::Relaxed).is_null() {
            // Release: hands the task to whoever swaps next, in `take_lifo`.
            lifo.store(token.into_raw().as_ptr(), Ordering::Release);
            return;
        }
        // AcqRel: as above, and takes the task that was put there before.
        let before = lifo.swap(token.into_raw().as_ptr(), Ordering::AcqRel);
        if let Some(before) = NonNull::new(before) {
            // SAFETY: only tokens go into the slot, and each comes out once.
            self.push_ring(unsafe { Notified::from_raw(before) });
            self.notify_of_push();
        }
    }

    /// Queues a task behind the others.
    pub(super) fn push_behind(&self, token: Notified) {
        // The worker itself comes to a lone task at once: that is no reason to wake another.
        let others = self.waiting() > 0;
        self.push_ring(token);
        // The count of polls, short: only differences are looked at.
        let turn = self.remote.counters.polls.get() as u32;
        let row = self.yields.row(turn);
        if self.others.is_round(row, self.remote.ring.len()) {
            self.until_outside.set(1); // All of ours have yielded.
        }
        if others {
            self.notify_of_push();
        } else if Yields::is_early(row) {
            self.turn.force();
        }
    }

    /// How many tasks wait for this worker.
    pub(super) fn waiting(&self) -> usize {
        let lifo = usize::from(!self.remote.lifo.load(Ordering::Relaxed).is_null());
        self.remote.ring.len() + lifo
    }

    /// Tells others of a task that was just put into the ring, if that is due (I2).
    fn notify_of_push(&self) {
        if self.parking.get() || self.looking.get() {
            return; // `notify_of_events` follows.
        }
        if self.untold.take() || self.remote.ring.len().is_power_of_two() {
            self.shared.notify(self.index);
        }
    }

    /// The driver has woken tasks of this worker: has another help, if that is worth a wake.
    pub(super) fn notify_of_events(&self) {
        let waiting = self.waiting();
        if waiting <= 1 {
            return;
        }
        // Whoever shares a driver with others has taken their events too.
        let is_told = !self.shared.drivers.are_own() || self.tuning.is_long(waiting);
        self.untold.set(!is_told);
        if is_told {
            self.shared.notify(self.index);
        }
    }
}
