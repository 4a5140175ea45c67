//! Where a worker finds its next task.
//!
//! Idea        The worker runs its own tasks first: the one that was woken last, then those in its ring. After a number of
//!             tasks, or when somebody has asked for it, the inject queue comes first. If both are empty, the worker
//!             steals from the rings of others. A worker whose tasks have all yielded also looks at workers that make no
//!             progress.
//! Invariants  I1 a worker takes no more tasks from the inject queue than its ring has room for, because a ring that
//!                overflows pushes into that queue, whose lock is held at that time; and no more than run in the time
//!                that a task from outside should wait, because tasks that they wake are queued behind them.
//!             I2 tasks from outside get at most every second poll, however often somebody asks for it.
//! Rejected    Taking a share of the inject queue while the ring has tasks: a flood from outside would run before all that
//!             the worker's own tasks wake. Taking one task at a time even if all own tasks have yielded: a task that
//!             yields until hundreds of tasks have run, which overflowed into that queue, would yield eight times per task.
use std::cell::Cell;
use std::sync::atomic::Ordering;

use selkie_core::raw::queue::RING_SLOTS;
use selkie_core::raw::task::Notified;

use super::shared::NOBODY;
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
    pub(super) fn next_task(&self) -> Option<Notified> {
        // Relaxed: a hint; the queue's own lock orders what is in it.
        if (self.remote.called.load(Ordering::Relaxed) && self.may_answer_call())
            || Self::count_down(&self.until_outside, self.tuning.interval())
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

    /// Whether the last poll was none of a task from outside (I2).
    #[cold]
    fn may_answer_call(&self) -> bool {
        let polls = self.remote.counters.polls.get();
        polls.wrapping_sub(self.outside_at.get()) != 1
    }

    /// A task from outside this worker, which has precedence now.
    #[cold]
    fn look_outside(&self) -> Option<Notified> {
        // Relaxed: as above; whoever pushes after this calls again.
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

    /// This worker's share of the inject queue: one task to run, the others into the ring.
    fn take_from_outside(&self) -> Option<Notified> {
        let waiting = self.shared.inject_len();
        if waiting == 0 {
            return None;
        }
        // I1
        let room = 1 + RING_SLOTS - self.remote.ring.len().min(RING_SLOTS);
        let share = (waiting / self.shared.workers() + 1).min(RING_SLOTS / 2);
        let share = share.min(room).min(self.tuning.share());
        let mut first = None;
        let mut taken = 0;
        for offset in 0..self.shared.inject.len() {
            let shard = &self.shared.inject[(self.index + offset) % self.shared.inject.len()];
            taken += shard.pop_many(share - taken, |task| {
                if first.is_none() {
                    first = Some(task);
                } else {
                    self.push_ring(task);
                }
            });
            if taken == share {
                break;
            }
        }
        first
    }

    /// Looks for a task in the other workers' rings.
    pub(super) fn search(&self) -> Option<Notified> {
        if !self.searching.get() && !self.shared.idle.start_searching() {
            return None;
        }
        self.searching.set(true);
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

    /// Half of the tasks in the ring of worker `victim`: one to run, the others into our ring.
    pub(super) fn steal_from(&self, victim: usize) -> Option<Notified> {
        let mut first = None;
        if self.shared.remotes[victim].ring.is_empty() {
            return None; // Spares the array that notified tasks are taken into.
        }
        let stolen = self.shared.remotes[victim].ring.take_half(|task| {
            if first.is_none() {
                first = Some(task);
            } else {
                self.push_ring(task);
            }
        });
        if stolen > 0 {
            let counters = &self.remote.counters;
            counters.steal_operations.increment();
            counters.steals.add(stolen as u64);
        }
        first
    }
}
