//! A future that waits for a point in time, on a chip without a heap.
//!
//! Idea        The timer's entry stands in the future itself; it is inserted at the first poll into
//!             the timers that were current where the future was made.
//! States      those of the entry.
//! Invariants  I1 the entry is in the list only while this future is pinned and alive: its drop removes the entry.
//! Rejected    A clock read at the first poll, to see that a deadline has passed: who inserts it in front arms the alarm,
//!             which looks.
#![allow(unsafe_code)]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use super::current::timers_here;
use super::entry::{Entry, Phase};
use super::timers::Timers;
use crate::coop;
use crate::platform::timers_ended;
use crate::time::instant::Instant;

/// Waits until `deadline`; timers have a granularity of one microsecond and never fire early.
///
/// # Panics
/// If there is no executor here, or its timers are disabled.
///
/// # Cancel safety
/// Dropping the future cancels the timer.
///
/// # Cost
/// A critical section at the first poll, one more if it is dropped before its time; each walks past the timers that are
/// due before.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep {
        timers: timers_here(),
        entry: Entry::new(deadline.into_std()),
    }
}

/// Waits for `duration`; timers have a granularity of one microsecond and never fire early.
///
/// A duration too long to be represented waits for thirty years.
///
/// # Panics
/// If there is no executor here, or its timers are disabled.
///
/// # Cancel safety
/// Dropping the future cancels the timer.
///
/// # Cost
/// A clock read; the rest as for [`sleep_until`].
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(Instant::now().saturating_add(duration))
}

/// A future that waits for a point in time; made by [`sleep`] and [`sleep_until`].
///
/// It must be pinned to be polled or [`reset`](Self::reset).
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    timers: &'static Timers,
    entry: Entry,
}

impl Sleep {
    fn look(&self) -> (Phase, Instant) {
        self.timers.with(|_lock| {
            // SAFETY: under the lock.
            let deadline = unsafe { self.entry.state() }.deadline();
            // SAFETY: as above.
            (unsafe { self.entry.phase() }, Instant::from_std(deadline))
        })
    }

    /// The instant that this future waits for.
    pub fn deadline(&self) -> Instant {
        self.look().1
    }

    /// Whether the deadline has come; also false if the future was neither polled nor reset.
    pub fn is_elapsed(&self) -> bool {
        match self.look() {
            (Phase::Fired, _) => true,
            (Phase::Idle, deadline) => self.entry.was_moved() && deadline <= Instant::now(),
            (Phase::Waiting | Phase::Closed, _) => false,
        }
    }

    /// Waits for `deadline` instead, whether it has fired before or not.
    ///
    /// The waker of the last poll will be woken at the new deadline, if the old one was pending.
    ///
    /// # Cost
    /// Two critical sections, and one more if it is waiting.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        // SAFETY: nothing is moved out.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: this future owns the entry.
        let (phase, waker) = unsafe { this.timers.take_out(&this.entry, deadline.into_std()) };
        if phase != Phase::Waiting {
            this.entry.set_moved();
        }
        if let Some(waker) = waker {
            // SAFETY: this future owns the entry, is pinned, and its drop cancels (I1).
            let _waits = unsafe { this.timers.poll(&this.entry, &waker) };
        }
    }
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let unit = ready!(coop::poll_proceed(cx));
        let this = self.into_ref().get_ref();
        // SAFETY: this future owns the entry, is pinned, and its drop cancels (I1).
        match unsafe { this.timers.poll(&this.entry, cx.waker()) } {
            Phase::Fired => {}
            Phase::Closed => timers_ended(),
            Phase::Idle | Phase::Waiting => return Poll::Pending,
        }
        // What drops this future need not look for it in the list.
        this.entry.set_waits(false);
        unit.made_progress();
        Poll::Ready(())
    }
}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        if self.entry.waits() {
            // SAFETY: this future owns the entry.
            unsafe { self.timers.cancel(&self.entry) };
        }
    }
}
