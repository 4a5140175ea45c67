//! Where a worker finds its next task.
//!
//! Idea        The worker runs its own tasks first: the one that was woken last, then those in its ring. After a number of
//!             tasks, or when somebody has asked for it, the inject queue comes first. If both are empty, the worker
//!             steals from the rings of others. A worker whose tasks have all yielded also looks at workers that make no
//!             progress.
//! Invariants  I1 tasks from outside get at most every second poll, however often somebody asks for it.
//! Rejected    Taking a share of the inject queue while the ring has tasks: a flood from outside would run before all that
//!             the worker's own tasks wake. Taking one task at a time even if all own tasks have yielded: a task that
//!             yields until hundreds of tasks have run, which overflowed into that queue, would yield eight times per task.
use std::cell::Cell;
use std::sync::atomic::Ordering;

use selkie_core::raw::task::Notified;

use super::shared::NOBODY;
use super::work_loop::WorkLoop;
use super::worker::Worker;

/// Tasks that may run from the LIFO slot before the ring gets its turn.
const LIFO_STREAK: u32 = 3;

impl Worker<'_> {
    /// Counts `left` down. `true`: it has come to zero, and starts again from `interval`.
    fn count_down(left: &Cell<u32>, interval: u32) -> bool {
        let now = left.get().wrapping_sub(1);
        left.set(if now == 0 { interval } else { now });
        now == 0
    }

    /// The next task of this worker's own, or from outside.
    #[inline]
    pub(super) fn take_own_or_outside(&self) -> Option<Notified> {
        if self.is_to_answer_call() || Self::count_down(&self.until_outside, self.tuning.interval())
        {
            if let Some(task) = self.look_outside() {
                return Some(task);
            }
        }
        let streak = self.lifo_streak.get();
        if streak < LIFO_STREAK {
            if let Some(task) = self.remote.take_lifo() {
                self.lifo_streak.set(streak + 1);
                return Some(task);
            }
        }
        self.lifo_streak.set(0);
        self.pop_ring()
            .or_else(|| self.remote.take_lifo())
            .or_else(|| self.take_from_outside())
    }

    /// Whether the worker is called for a task from outside, and may answer now.
    #[inline]
    pub(super) fn is_to_answer_call(&self) -> bool {
        // Relaxed: a hint; the queue's own lock orders what is in it.
        self.remote.called.load(Ordering::Relaxed) && self.may_answer_call()
    }

    /// Whether the last poll was none of a task from outside (I1).
    #[cold]
    fn may_answer_call(&self) -> bool {
        let polls = self.remote.counters.polls.get();
        polls.wrapping_sub(self.outside_at.get()) != 1
    }

    /// A task from outside this worker, which has precedence now.
    #[cold]
    fn look_outside(&self) -> Option<Notified> {
        // Relaxed: as in `is_to_answer_call`; whoever pushes after this calls again.
        self.remote.called.store(false, Ordering::Relaxed);
        // One alone if the worker has tasks that do more than to yield: in its ring, a share would stand before what
        // those wake.
        let waiting = if self.remote.ring.is_empty() || self.stalled.is_round_over() {
            self.take_from_outside()
        } else {
            self.shared.pop_outside(self.index)
        };
        if waiting.is_some() {
            self.stalled.act_upon_round();
            self.outside_at.set(self.remote.counters.polls.get());
        }
        waiting.or_else(|| {
            let steal = |index| self.steal_from(index);
            self.stalled.take_from_stuck(self.shared, self.index, steal)
        })
    }

    /// A task from the ring of the worker that has invited this one, of any other, or from the inject queue.
    #[inline]
    pub(super) fn steal_or_take_outside(&self) -> Option<Notified> {
        // Relaxed: a hint.
        let inviting = self.remote.invited_by.load(Ordering::Relaxed);
        if inviting != NOBODY && inviting != self.index {
            self.remote.invited_by.store(NOBODY, Ordering::Relaxed);
            if let Some(task) = self.steal_from(inviting) {
                return Some(task);
            }
        }
        let start = {
            let core = self.core.borrow();
            core.as_ref()?.random.below(self.shared.workers() as u32) as usize
        };
        for offset in 0..self.shared.workers() {
            let victim = (start + offset) % self.shared.workers();
            if victim != self.index {
                if let Some(task) = self.steal_from(victim) {
                    return Some(task);
                }
            }
        }
        self.take_from_outside()
    }
}
