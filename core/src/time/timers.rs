//! A timer shard, which has the timers of one worker: a wheel, its clock, and the next deadline, published.
//!
//! Idea        Each worker owns a shard, and a timer stays with the shard it was made in. Insert and
//!             cancel take the shard's lock for a few instructions; usually only the shard's own thread
//!             takes it. The next deadline is published in an atomic, so that
//!             it takes no lock to see whether a timer is due, and so that another thread can fire the
//!             overdue timers of a blocked worker.
//! States      closed ─open→ open ─shutdown→ closed ─open→ …; shards are recycled, never freed.
//!             not parked ─prepare_park→ parked until a tick ─finish_park→ not parked, see `owner`
//! Invariants  I1 a shard lives for ever, so `&'static Timers` may be kept in every timer; `epoch`
//!                tells a timer that its shard was closed, or serves another runtime now.
//!             I2 `next_tick` changes under the lock only, and is never later than the earliest
//!                entry of the wheel; a cancel may leave it too early.
//!             I3 while parked, an insert below `parked_until` unparks: the parker stores
//!                `parked_until`, fences, reads `next_tick`; the inserter stores `next_tick`,
//!                fences, reads `parked_until`. One of them sees the other.
//!             I4 no waker is cloned, woken or dropped under the lock, but `unpark` is cloned: it is
//!                the scheduler's own.
//!             I5 while `owned`, there is one `TimersOwner`, who alone parks.
//! Rejected    A process-wide wheel: one mutex for all workers. A wheel that is chosen at random: the
//!             thread that makes a timer would then have to wake another. An `Arc` of the shard in each timer: two
//!             read-modify-writes more.
#![allow(unsafe_code)]

use core::fmt;
use core::ptr::NonNull;
use core::task::Waker;

use super::clock::Clock;
use super::entry::{Entry, Phase};
use super::instant::Instant;
use super::wheel::{LAST_TICK, Wheel};
use crate::maybe_const;
use crate::platform::{
    AtomicBool, AtomicU32, AtomicU64, Lock, Ordering, TICK_NANOS, fence, tick_after,
};
use crate::wake::WakeBatch;

/// `next_tick` of an open shard without timers, and `parked_until` of one that sleeps without limit.
pub(super) const NEVER: u64 = u64::MAX;
/// `parked_until` of a shard whose thread runs.
pub(super) const NOT_PARKED: u64 = 0;

/// What the shard's lock guards.
pub(super) struct ShardState {
    pub(super) wheel: Wheel,
    pub(super) unpark: Option<Waker>,
}

impl ShardState {
    /// Inserts `entry`, whose tick has come, at its deadline, if it was postponed and that is later.
    ///
    /// # Safety
    /// The caller holds the lock of the shard that `entry` is PENDING in; it is out of the wheel.
    unsafe fn insert_anew(&mut self, entry: NonNull<Entry>) -> bool {
        // SAFETY: PENDING entries are alive.
        let this = unsafe { entry.as_ref() };
        // SAFETY: by the caller's promise.
        if !unsafe { this.is_postponed() } {
            return false;
        }
        // SAFETY: PENDING, under the lock.
        unsafe { this.set_postponed(false) };
        // SAFETY: as above.
        let deadline = unsafe { this.deadline() };
        // SAFETY: under the lock, and in no list.
        unsafe { this.set_tick(due_tick(deadline)) };
        // SAFETY: alive until its owner cancels it, and in no list.
        unsafe { self.wheel.insert(entry) }
    }
}

/// The first tick that is not before `deadline`.
pub(super) fn due_tick(deadline: Instant) -> u64 {
    tick_after(deadline.into_std()).min(LAST_TICK)
}

/// The timers of one worker, or of one chip.
///
/// Hosted runtimes take shards from a pool (`TimersOwner::new`); a system without a heap declares
/// one `static` and [`open`](Timers::open)s it.
pub struct Timers {
    pub(super) clock: Clock,
    pub(super) next_tick: AtomicU64,
    pub(super) parked_until: AtomicU64,
    /// The tick of the last look at the timers, while there are any or the clock is paused.
    pub(super) seen_tick: AtomicU64,
    /// Odd while open.
    pub(super) epoch: AtomicU32,
    /// Whether there is an owner (I5).
    pub(super) owned: AtomicBool,
    pub(super) guarded: Lock<ShardState>,
}

impl Default for Timers {
    fn default() -> Self {
        Self::new()
    }
}

impl Timers {
    maybe_const! {
        /// A closed shard: zero throughout, so that a static one takes no flash.
        pub fn new() -> Self {
            Self {
                clock: Clock::new(),
                next_tick: AtomicU64::new(0),
                parked_until: AtomicU64::new(NOT_PARKED),
                seen_tick: AtomicU64::new(0),
                epoch: AtomicU32::new(0),
                owned: AtomicBool::new(false),
                guarded: Lock::new(ShardState { wheel: Wheel::new(), unpark: None }),
            }
        }
    }

    /// The clock these timers go by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Timers that wait.
    ///
    /// # Cost
    /// Takes the shard's lock.
    pub fn len(&self) -> usize {
        self.guarded.lock().wheel.len()
    }

    /// Whether no timer waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a timer should have fired by `now`: a hint for other workers.
    ///
    /// # Cost
    /// One relaxed load.
    pub fn is_overdue(&self, now: Instant) -> bool {
        // Relaxed: a hint.
        let next = self.next_tick.load(Ordering::Relaxed);
        next != NEVER && next.saturating_mul(TICK_NANOS) <= now.nanos()
    }

    /// Fires every timer that is due, and returns how many.
    ///
    /// Any thread may call it: an idle worker runs the overdue timers of a blocked one.
    ///
    /// # Cost
    /// One relaxed load without timers, and a clock read with. When timers are due, the lock is
    /// taken once for each 32 of them, and released while they are woken.
    #[inline]
    pub fn fire_due(&self) -> usize {
        // Relaxed: the shard's own inserts are seen; others unpark (I3).
        let next = self.next_tick.load(Ordering::Relaxed);
        if next == NEVER && !self.clock.is_paused() {
            return 0;
        }
        let now_tick = self.now_tick();
        // Relaxed: its readers hold the lock, or are the thread that runs the timers.
        self.seen_tick.store(now_tick, Ordering::Relaxed);
        if now_tick < next {
            0
        } else {
            self.fire(now_tick)
        }
    }

    /// As [`fire_due`](Self::fire_due), by an alarm, whose clock need not be asked.
    pub(crate) fn fire_by_alarm(&self, _now_micros: impl FnOnce() -> u64) {
        self.fire_due();
    }

    #[cold]
    fn fire(&self, now_tick: u64) -> usize {
        let mut batch = WakeBatch::new();
        let mut fired = 0;
        loop {
            let mut guarded = self.guarded.lock();
            let done = loop {
                if !batch.has_room() {
                    break false;
                }
                let Some(entry) = guarded.wheel.expire(now_tick) else {
                    break true;
                };
                // SAFETY: just taken out of the wheel whose lock is held.
                if unsafe { guarded.insert_anew(entry) } {
                    continue;
                }
                // SAFETY: just taken out of the wheel whose lock is held; not touched again.
                batch.push(unsafe { Entry::end(entry, Phase::Fired) });
                fired += 1;
            };
            if done {
                self.publish(&guarded.wheel);
            }
            drop(guarded);
            batch.wake_all();
            if done {
                // Time wakes: nobody asked for it who could be notified of a waker's panic.
                batch.contain();
                return fired;
            }
        }
    }

    /// Sets `next_tick` from the wheel; the caller holds the lock.
    pub(super) fn publish(&self, wheel: &Wheel) {
        // Relaxed: written under the lock; raising it needs no partner (I2).
        self.next_tick
            .store(wheel.next_tick().unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// Publishes that an alarm will fire what is due, and returns when to set it, in microseconds
    /// since the platform's origin. `None` without a timer.
    ///
    /// For a chip, whose alarm does what a hosted worker's thread does between its sleeps. Nobody says that a sleep
    /// is over: the alarm counts as armed all the time, and an insert due earlier unparks. The clock is the machine's.
    pub(crate) fn prepare_alarm(&self) -> Option<u64> {
        let until = self.publish_park();
        (until != NEVER).then(|| until.saturating_mul(TICK_NANOS / 1_000))
    }

    /// Publishes that the shard sleeps until its next tick, which is returned (I3).
    pub(super) fn publish_park(&self) -> u64 {
        // Relaxed: ordered against inserters by the fence (I3).
        let mut until = self.next_tick.load(Ordering::Relaxed);
        self.parked_until.store(until, Ordering::Relaxed);
        // SeqCst: pairs with the fence in `lower` (I3).
        fence(Ordering::SeqCst);
        let now_until = self.next_tick.load(Ordering::Relaxed);
        if now_until < until {
            until = now_until;
            // Relaxed: an inserter that still sees the later tick unparks once too often.
            self.parked_until.store(until, Ordering::Relaxed);
        }
        until
    }

    /// Whether a timer that is due at `due_tick` is so at once, and not at the next look: it was due at
    /// the last one. Without timers nobody has looked, and the clock says: a whole tick later, since a task may
    /// have been at its poll for as long as it takes the clock to pass from one to the next.
    pub(super) fn was_due(&self, due_tick: u64) -> bool {
        // Relaxed: a hint; another thread's timer may wait for the next look.
        if self.next_tick.load(Ordering::Relaxed) == NEVER && !self.clock.is_paused() {
            return due_tick < self.now_tick();
        }
        // Relaxed: as above.
        due_tick <= self.seen_tick.load(Ordering::Relaxed)
    }

    /// Closes the shard: the task of every waiting timer is woken, its poll finds the shard closed, and no timer
    /// can be added.
    pub fn shutdown(&self) {
        self.shut_down(None);
    }

    /// As [`shutdown`](Self::shutdown); with `meant`, as long as the epoch is that one or the next, by which it closed.
    #[cold]
    pub(super) fn shut_down(&self, meant: Option<u32>) {
        let mut batch = WakeBatch::new();
        loop {
            let mut guarded = self.guarded.lock();
            // Relaxed: changed under the lock only.
            let epoch = self.epoch.load(Ordering::Relaxed);
            if meant.is_some_and(|meant| epoch.wrapping_sub(meant) > 1) {
                return;
            }
            if epoch % 2 == 1 {
                self.epoch.store(epoch.wrapping_add(1), Ordering::Relaxed);
            }
            let unpark = guarded.unpark.take();
            while batch.has_room() {
                let Some(entry) = guarded.wheel.drain_one() else {
                    break;
                };
                // SAFETY: just taken out of the wheel whose lock is held; not touched again.
                batch.push(unsafe { Entry::end(entry, Phase::Closed) });
            }
            let done = guarded.wheel.len() == 0;
            self.publish(&guarded.wheel);
            drop(guarded);
            drop(unpark);
            batch.wake_all();
            if done {
                batch.contain();
                return;
            }
        }
    }

    #[inline]
    pub(super) fn now_tick(&self) -> u64 {
        self.clock.now_tick()
    }

    /// Publishes `due_tick`, which is earlier than `next_tick`, and returns the waker of a thread
    /// that sleeps too long for it. The caller holds the lock.
    pub(super) fn lower(&self, due_tick: u64, guarded: &ShardState) -> Option<Waker> {
        // Relaxed: ordered against the parker by the fence (I3).
        self.next_tick.store(due_tick, Ordering::Relaxed);
        // SeqCst: pairs with the fence in `publish_park` (I3).
        fence(Ordering::SeqCst);
        if due_tick < self.parked_until.load(Ordering::Relaxed) {
            // The scheduler's own waker: its clone is no foreign code.
            return guarded.unpark.clone();
        }
        None
    }

    /// Wakes the shard's thread, if the shard is open.
    pub(super) fn unpark(&self) {
        let unpark = self.guarded.lock().unpark.clone();
        if let Some(unpark) = unpark {
            unpark.wake();
        }
    }
}

impl fmt::Debug for Timers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timers")
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
