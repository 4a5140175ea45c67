//! Where a worker puts tasks that are woken on it, and which other workers it notifies.
//!
//! Idea        The task that was woken last runs next: it is in the LIFO slot. The task that was there before goes into the
//!             ring, where other workers may steal it. A full ring gives half of its tasks to the inject queue. Other
//!             workers are notified of tasks that they could steal, but not of the few that an event has just woken,
//!             because waking a worker takes as long as a few short tasks.
//! Invariants  I1 only the thread that has the core fills the LIFO slot; everybody may empty it.
//!             I2 a worker is notified when the ring grows to one task, and to each power of two. That is enough: no
//!                worker falls asleep while there is a task in any ring, and a worker that was woken wakes the next one if
//!                there is more (`idle`). Tasks that an event put there are announced with the next push.
//! Rejected    A notification per push: a fence, and two cache lines that searching workers write, for each task that is
//!             spawned. A notification per event.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use selkie_core::raw::collections::{Chain, QueueHandle};
use selkie_core::raw::task::Notified;

use super::super::yields::Yields;
use super::notify::SharedQueues;
use super::work_loop::WorkLoop;
use super::worker::Worker;

impl Worker<'_> {
    /// Adds a notified task to the ring; a full ring sends half of its tasks to the inject queue.
    pub(super) fn push_own(&self, task: Notified) {
        let Some(ring) = self.ring.take() else {
            // A waker has handed the core off: the ring is another thread's.
            return self.shared.push_outside(task);
        };
        let pushed = ring.push(task);
        self.put_ring(ring);
        let Err(task) = pushed else { return };
        let mut overflow = Chain::new();
        self.remote.ring.take_half(|task| overflow.push(task));
        overflow.push(task);
        self.remote.counters.overflows.increment();
        if let Err(mut back) =
            self.shared.inject[self.index % self.shared.inject.len()].append(overflow)
        {
            while let Some(task) = back.pop() {
                task.discard();
            }
        }
    }

    /// Queues a task that was woken on this worker: it runs next, its predecessor goes behind.
    #[inline]
    pub(super) fn push_woken(&self, task: Notified) {
        self.remote.counters.local_schedules.increment();
        self.shared.tell_queued(&task);
        if !self.shared.config.lifo_slot {
            return self.push_behind(task);
        }
        self.run_next(task);
    }

    /// Puts a task into the LIFO slot, and the one that was there into the ring.
    #[inline]
    pub(super) fn run_next(&self, task: Notified) {
        let lifo = &self.remote.lifo;
        // Relaxed: nobody but this thread fills the slot, so an empty one stays empty (I1).
        if lifo.load(Ordering::Relaxed).is_null() {
            // Release: hands the task to whoever swaps next, in `take_lifo`.
            lifo.store(task.into_raw().as_ptr(), Ordering::Release);
            return;
        }
        // AcqRel: as above, and takes the task that was put there before.
        let before = lifo.swap(task.into_raw().as_ptr(), Ordering::AcqRel);
        if let Some(before) = NonNull::new(before) {
            // SAFETY: only notified tasks go into the slot, and each comes out once.
            self.push_own(unsafe { Notified::from_raw(before) });
            self.notify_of_push();
        }
    }

    /// Queues a task behind the others.
    pub(super) fn push_behind(&self, task: Notified) {
        // The worker itself comes to a lone task at once: that is no reason to wake another.
        let others = self.waiting() > 0;
        self.push_own(task);
        // The count of polls, short: only differences are looked at.
        let turn = self.remote.counters.polls.get() as u32;
        let row = self.yields.row(turn);
        if self.stalled.is_round(row, self.remote.ring.len()) {
            self.until_outside.set(1); // All of ours have yielded.
        }
        if others {
            self.notify_of_push();
        } else if Yields::is_early(row) {
            self.maintenance.force();
        }
    }

    /// How many tasks wait for this worker.
    pub(super) fn waiting(&self) -> usize {
        let lifo = usize::from(!self.remote.lifo.load(Ordering::Relaxed).is_null());
        self.remote.ring.len() + lifo
    }

    /// The driver has woken tasks of this worker: has another help, if that is worth a wake.
    pub(super) fn notify_of_events(&self) {
        let waiting = self.waiting();
        if waiting <= 1 {
            return;
        }
        // Whoever shares a driver with others has taken their events too.
        let is_told = !self.shared.drivers.are_own() || self.tuning.is_long(waiting);
        self.unannounced.set(!is_told);
        if is_told {
            self.shared.notify(self.index);
        }
    }
}
