//! A handle to a timer shard, which runtimes and timers keep: good as long as the shard serves one runtime.
//!
//! Idea        A shard is used by one runtime after another. A handle is a pointer to the shard and the
//!             epoch in which it was opened; the epoch tells whether it still serves the same runtime. Every
//!             operation of a timer's owner goes through here.
//! Invariants  I1 an entry is inserted only under the lock and only if the epoch is still the
//!                shard's, so that none ends up with another runtime.
//!             I2 wakers are cloned before the lock is taken and dropped after it is released.
//! Rejected    A generation in each entry, checked on each cancel: an entry that is PENDING is in
//!             its shard's wheel, whatever the epoch.
#![allow(unsafe_code)]

use core::ops::Deref;
use core::ptr::NonNull;
use core::task::Waker;

use super::clock_mode::AtEnd;
use super::entry::{Entry, Phase};
use super::instant::Instant;
use super::timers::{ShardState, Timers, due_tick};
use crate::platform::{LockGuard, Ordering};

/// The bit of an epoch that says what its sleeps do when it is over. It stands in each timer, also when the
/// shard serves another runtime.
pub(super) const FIRES_AT_END: u32 = 2;

/// What became of a timer that was to be inserted or looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RegisterOutcome {
    /// It waits; its waker will be woken.
    Pending,
    /// Its time had come already.
    Due,
    /// Its shard is closed.
    Closed,
}

/// A handle to a timer shard, which serves one runtime: a runtime's handle and each timer keep one.
///
/// It derefs to the [`Timers`]; a copy that outlives the runtime does no harm, since the shard is
/// never freed and its timers then count as shut down.
#[derive(Debug, Clone, Copy)]
pub struct TimersHandle {
    timers: &'static Timers,
    epoch: u32,
}

impl Deref for TimersHandle {
    type Target = Timers;

    #[inline]
    fn deref(&self) -> &Timers {
        self.timers
    }
}

impl TimersHandle {
    /// The shard `timers` as it was opened the `epoch`th time.
    #[inline]
    pub(super) const fn at(timers: &'static Timers, epoch: u32) -> Self {
        Self { timers, epoch }
    }

    /// Which opening of the timers this is.
    #[inline]
    pub(super) const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// What a sleep does that is polled when this shard is closed.
    pub(super) const fn at_end(&self) -> AtEnd {
        if self.epoch & FIRES_AT_END == 0 {
            AtEnd::Panic
        } else {
            AtEnd::Fire
        }
    }

    /// The timers, for as long as the process lives.
    pub const fn shard(&self) -> &'static Timers {
        self.timers
    }

    /// Whether the shard still serves the runtime that this handle was made for.
    #[inline]
    pub fn is_open(&self) -> bool {
        // Relaxed: asked again under the lock where it matters.
        self.timers.epoch.load(Ordering::Relaxed) == self.epoch
    }

    /// Closes the shard, if it still serves the runtime that this handle was made for. Any thread may call it.
    /// See [`Timers::shutdown`].
    pub fn close(&self) {
        self.timers.shut_down(Some(self.epoch));
    }

    /// Keeps an idle scheduler from moving a paused clock while the guard lives: a blocking task
    /// is at work, and its result counts as "something to do".
    pub fn hold_clock(&self) -> ClockGuard {
        if !self.clock.is_pausable() {
            return ClockGuard { timers: None };
        }
        self.clock.hold();
        ClockGuard {
            timers: Some(*self),
        }
    }

    /// Inserts `entry`, to wake `waker` at `deadline`.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which is not PENDING, is pinned, and will be
    /// [`cancel`](Self::cancel)led before it is freed.
    pub(super) unsafe fn register(
        &self,
        entry: NonNull<Entry>,
        deadline: Instant,
        waker: &Waker,
    ) -> RegisterOutcome {
        let due_tick = due_tick(deadline);
        // Relaxed: a hint. Only an earliest timer may be due already.
        let is_first = due_tick < self.next_tick.load(Ordering::Relaxed);
        if is_first && self.was_due(due_tick) && self.is_open() {
            return RegisterOutcome::Due;
        }
        let waker = waker.clone();
        let guarded = self.guarded.lock();
        if !self.is_open() {
            drop(guarded);
            return RegisterOutcome::Closed;
        }
        if due_tick <= guarded.wheel.elapsed() {
            drop(guarded);
            return RegisterOutcome::Due;
        }
        // SAFETY: the caller owns it.
        let this = unsafe { entry.as_ref() };
        // SAFETY: the owner under the lock; inserted below.
        unsafe { this.begin(due_tick, waker) };
        // SAFETY: pinned until cancelled, by the caller's promise; in no list, since not PENDING.
        unsafe { self.insert(guarded, entry, due_tick) };
        RegisterOutcome::Pending
    }

    /// # Safety
    /// As `insert` of the wheel; `entry` is due after the wheel's `elapsed`.
    unsafe fn insert(
        &self,
        mut guarded: LockGuard<'_, ShardState>,
        entry: NonNull<Entry>,
        due_tick: u64,
    ) {
        // SAFETY: by the caller's promise.
        let inserted = unsafe { guarded.wheel.insert(entry) };
        debug_assert!(inserted, "a timer was due before it was inserted");
        // Relaxed: changed under the lock only.
        let unpark = if due_tick < self.next_tick.load(Ordering::Relaxed) {
            self.lower(due_tick, &guarded)
        } else {
            None
        };
        drop(guarded);
        if let Some(unpark) = unpark {
            unpark.wake();
        }
    }

    /// Makes a PENDING `entry` wake `waker` from now on.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which is registered here.
    pub(super) unsafe fn change_waker(&self, entry: NonNull<Entry>, waker: &Waker) -> Phase {
        // SAFETY: the caller owns it.
        let entry = unsafe { entry.as_ref() };
        let waker = waker.clone();
        let guarded = self.guarded.lock();
        let phase = entry.phase();
        let old = if phase == Phase::Pending {
            // SAFETY: the owner under the lock, and PENDING.
            unsafe { entry.replace_waker(waker) }
        } else {
            waker
        };
        drop(guarded);
        drop(old);
        phase
    }

    /// Takes `entry` out of the wheel if it is PENDING: then it is IDLE.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which was registered here, if anywhere.
    pub(super) unsafe fn cancel(&self, entry: NonNull<Entry>) {
        let mut guarded = self.guarded.lock();
        // SAFETY: the caller owns it.
        if unsafe { entry.as_ref() }.phase() != Phase::Pending {
            return;
        }
        // SAFETY: PENDING entries are in their shard's wheel.
        unsafe { guarded.wheel.remove(entry) };
        // SAFETY: PENDING, under the lock, and out of the list.
        let waker = unsafe { Entry::end(entry, Phase::Idle) };
        drop(guarded);
        drop(waker);
    }

    /// Moves a PENDING `entry` to another deadline, with the waker it has: a later one is only noted. If
    /// the deadline was due already, its waker is woken. Says where it stands.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which was registered here, if anywhere.
    pub(super) unsafe fn reschedule(&self, entry: NonNull<Entry>, deadline: Instant) -> Phase {
        let due_tick = due_tick(deadline);
        let mut guarded = self.guarded.lock();
        // SAFETY: the caller owns it.
        let phase = unsafe { entry.as_ref() }.phase();
        if phase != Phase::Pending {
            return phase;
        }
        // SAFETY: the caller owns it.
        let this = unsafe { entry.as_ref() };
        // SAFETY: the owner under the lock.
        unsafe { this.set_deadline(deadline) };
        // SAFETY: alive, and under the lock.
        let later = due_tick >= unsafe { Entry::tick(entry) };
        // SAFETY: PENDING, under the lock.
        unsafe { this.set_postponed(later) };
        if later {
            return Phase::Pending;
        }
        // SAFETY: PENDING entries are in their shard's wheel.
        unsafe { guarded.wheel.remove(entry) };
        if due_tick <= guarded.wheel.elapsed() || self.was_due(due_tick) {
            // SAFETY: PENDING, under the lock, and out of the list.
            let waker = unsafe { Entry::end(entry, Phase::Fired) };
            drop(guarded);
            waker.wake();
            return Phase::Fired;
        }
        // SAFETY: under the lock, and in no list.
        unsafe { this.set_tick(due_tick) };
        // SAFETY: pinned until cancelled, in no list, and due later than `elapsed`.
        unsafe { self.insert(guarded, entry, due_tick) };
        Phase::Pending
    }
}

/// Keeps a paused clock from being moved by an idle scheduler; made by [`TimersHandle::hold_clock`].
#[derive(Debug)]
#[must_use = "the clock is held until this is dropped"]
pub struct ClockGuard {
    timers: Option<TimersHandle>,
}

impl Drop for ClockGuard {
    fn drop(&mut self) {
        if let Some(timers) = self.timers.filter(TimersHandle::is_open) {
            if timers.clock.release() && timers.clock.is_paused() {
                timers.unpark();
            }
        }
    }
}
