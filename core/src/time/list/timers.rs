//! A chip's timers: the list, and who is unparked when a timer is made that is due before all others.
//!
//! States      closed ─open→ open ─shutdown→ closed ─open→ …
//! Invariants  I1 timers live for ever, so `&'static Timers` may be kept in every timer.
//!             I2 an insert in front calls `unpark`, if somebody sleeps until the deadline that was the first before:
//!                an alarm, or an executor's thread between `prepare_park` and `finish_park`.
//!             I3 no waker is cloned, woken or dropped under the lock, but in the same section. `unpark` is copied, in the section
//!                in which it is called: it is the scheduler's own, and does not shut the timers down.
//!             I4 while `owned`, there is one `TimersOwner`, who alone parks.
//! Rejected    What the timers of hosted workers publish in atomics: a lock is a critical section here, and so would each of
//!             those be. A tick of 128 microseconds: without a wheel it saves nothing but alarms that come close together.
#![allow(unsafe_code)]

use core::fmt;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::Waker;

use super::entry::{Entry, Phase};
use super::order::TimerList;
use crate::maybe_const;
use crate::platform::{InSection, LeafLock, RawInstant, in_section, wake_to_caller};
use crate::time::clock::Clock;
use crate::time::instant::Instant;

/// What the lock guards.
pub(super) struct State {
    pub(super) list: TimerList,
    pub(super) unpark: Option<Waker>,
    pub(super) is_open: bool,
    /// Whether there is an owner (I4).
    pub(super) owned: bool,
    /// Whether somebody sleeps (I2).
    pub(super) sleeps: bool,
}

impl State {
    /// Where `entry` stands, if nothing is to be done about it.
    fn phase(&self, entry: &Entry, waker: &Waker) -> Option<Phase> {
        // SAFETY: under the lock.
        let phase = unsafe { entry.phase() };
        // SAFETY: as above.
        let known = &unsafe { entry.state() }.waker;
        match phase {
            Phase::Idle if self.is_open => None,
            Phase::Idle => Some(Phase::Closed),
            Phase::Waiting if !known.as_ref().is_some_and(|known| known.will_wake(waker)) => None,
            phase => Some(phase),
        }
    }

    /// Makes `entry` wait with `waker`; returns the one that it had, and whether it is in front of all others now.
    ///
    /// # Safety
    /// As for `Timers::poll`; the entry is IDLE or WAITING.
    unsafe fn wait(&mut self, entry: &Entry, waker: Waker) -> (Option<Waker>, bool) {
        // SAFETY: under the lock.
        let old = unsafe { entry.state() }.waker.replace(waker);
        if old.is_some() {
            return (old, false);
        }
        // SAFETY: pinned until cancelled by the caller's promise, and in no list, since it had no waker.
        (None, unsafe { self.list.insert(NonNull::from(entry)) })
    }
}

/// The timers of a chip; stands in a static, and is [`open`](Timers::open)ed.
pub struct Timers {
    clock: Clock,
    state: LeafLock<State>,
}

impl Default for Timers {
    fn default() -> Self {
        Self::new()
    }
}

impl Timers {
    maybe_const! {
        /// Closed timers: zero throughout, so that a static takes no flash.
        pub fn new() -> Self {
            Self {
                clock: Clock::new(),
                state: LeafLock::new(State {
                    list: TimerList::new(),
                    unpark: None,
                    is_open: false,
                    owned: false,
                    sleeps: false,
                }),
            }
        }
    }

    /// Calls `f` under the lock.
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: `f` is one of this folder's, and takes no lock.
        in_section(|section| unsafe { self.state.with(section, f) })
    }

    /// The clock these timers go by.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Timers that wait.
    ///
    /// # Cost
    /// Walks past them, with interrupts off.
    pub fn len(&self) -> usize {
        self.with(|state| state.list.len())
    }

    /// Whether no timer waits.
    pub fn is_empty(&self) -> bool {
        self.next_deadline().is_none()
    }

    /// Whether a timer should have fired by `now`.
    pub fn is_overdue(&self, now: Instant) -> bool {
        self.next_deadline()
            .is_some_and(|due| due <= now.into_std())
    }

    pub(super) fn next_deadline(&self) -> Option<RawInstant> {
        self.with(|state| state.list.next_deadline())
    }

    /// Fires every timer that is due, and returns how many. Any context may call it.
    ///
    /// # Cost
    /// A clock read, and a critical section for each timer.
    pub fn fire_due(&self) -> usize {
        self.fire_until(Instant::machine_now().into_std())
    }

    /// As [`fire_due`](Self::fire_due), by an alarm whose clock says what the time is.
    pub(crate) fn fire_by_alarm(&self, now_micros: impl FnOnce() -> u64) {
        self.fire_until(RawInstant::from_micros(now_micros()));
    }

    fn fire_until(&self, now: RawInstant) -> usize {
        let mut fired = 0;
        while let Some(waker) = self.with(|state| state.list.pop_due(now, Phase::Fired)) {
            wake_to_caller(waker);
            fired += 1;
        }
        fired
    }

    /// Says that an alarm will fire what is due, and returns when to set it, in microseconds since the platform's origin.
    /// `None` without a timer. Nobody says that a sleep is over: an insert in front unparks from now on.
    pub(crate) fn prepare_alarm(&self) -> Option<u64> {
        self.publish_park().map(RawInstant::as_micros)
    }

    /// Says that somebody sleeps until the first deadline, which is returned (I2).
    pub(super) fn publish_park(&self) -> Option<RawInstant> {
        self.with(|state| {
            state.sleeps = true;
            state.list.next_deadline()
        })
    }

    /// Closes the timers: the task of every waiting timer is woken, its poll finds the timers closed, and no timer
    /// can be added.
    pub fn shutdown(&self) {
        let unpark = self.with(|state| {
            state.is_open = false;
            state.unpark.take()
        });
        drop(unpark);
        let end = RawInstant::from_micros(u64::MAX);
        while let Some(waker) = self.with(|state| state.list.pop_due(end, Phase::Closed)) {
            wake_to_caller(waker);
        }
    }

    /// Looks at `entry`; it waits from then on if its time has not come, and wakes `waker` when it does.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which is pinned, belongs to these timers, and will be
    /// [`cancel`](Self::cancel)led before it is freed.
    #[inline(never)]
    pub(super) unsafe fn poll(&self, entry: &Entry, waker: &Waker) -> Phase {
        entry.set_waits(true);
        in_section(|section| {
            // SAFETY: takes no lock.
            let phase = unsafe { self.state.with(section, |state| state.phase(entry, waker)) };
            if let Some(phase) = phase {
                return phase;
            }
            // In the section, but not under the lock: foreign code.
            let fresh = waker.clone();
            let wait = |state: &mut State| {
                // SAFETY: by the caller's promise.
                unsafe { state.wait(entry, fresh) }
            };
            // SAFETY: takes no lock.
            let (old, is_first) = unsafe { self.state.with(section, wait) };
            if is_first {
                self.unpark(section);
            }
            drop(old);
            Phase::Waiting
        })
    }

    /// Takes `entry` out of the list if it waits.
    ///
    /// # Safety
    /// The caller is the owner of `entry`, which belongs to these timers.
    pub(super) unsafe fn cancel(&self, entry: &Entry) {
        entry.set_waits(false);
        let waker = self.with(|state| {
            // SAFETY: under the lock.
            let waits = unsafe { entry.phase() } == Phase::Waiting;
            // SAFETY: it is in the list exactly while it waits.
            waits.then(|| unsafe { state.list.remove(NonNull::from(entry)) })
        });
        drop(waker);
    }

    /// Gives `entry` another deadline, for which it does not wait yet. Says where it stood, and with which waker it waited.
    ///
    /// # Safety
    /// As for `cancel`.
    pub(super) unsafe fn take_out(
        &self,
        entry: &Entry,
        deadline: RawInstant,
    ) -> (Phase, Option<Waker>) {
        self.with(|state| {
            // SAFETY: under the lock.
            let phase = unsafe { entry.phase() };
            let waker = match phase {
                // SAFETY: it is in the list exactly while it waits.
                Phase::Waiting => unsafe { state.list.remove(NonNull::from(entry)) },
                _ => None,
            };
            // SAFETY: under the lock.
            unsafe { entry.set_phase(Phase::Idle) };
            // SAFETY: as above.
            unsafe { entry.state() }.set_deadline(deadline);
            (phase, waker)
        })
    }

    /// Tells who sleeps that a timer is due before the end of the sleep (I2, I3).
    fn unpark(&self, section: &InSection) {
        let copy = |state: &mut State| {
            let unpark = state.unpark.as_ref().filter(|_| state.sleeps)?;
            Some((unpark.data(), unpark.vtable()))
        };
        // SAFETY: takes no lock.
        if let Some((data, vtable)) = unsafe { self.state.with(section, copy) } {
            // SAFETY: a copy of a waker that stays where it is until the section ends (I3).
            let unpark = ManuallyDrop::new(unsafe { Waker::new(data, vtable) });
            unpark.wake_by_ref();
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
