//! A future that waits for a point in time.
//!
//! Idea        The timer's entry stands in the future itself; it is inserted at the first poll into
//!             the shard that was current where the future was made.
//! States      those of the entry.
//! Invariants  I1 the entry is in its shard's wheel only while this future is pinned and alive: its
//!                drop removes the entry.
//! Rejected    Inserting when the future is made: the waker is not known then, and many sleeps are
//!             dropped without a poll.
#![allow(unsafe_code)]

use core::future::Future;
use core::mem;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker, ready};
use core::time::Duration;

use super::clock_mode::AtEnd;
use super::current::timers_here;
use super::entry::{Entry, Phase};
use super::handle::{RegisterOutcome, TimersHandle};
use super::instant::Instant;
use super::timers::{Timers, due_tick};
use crate::coop;
use crate::platform::timers_ended;
use crate::trace::SleepSpan;

/// Waits until `deadline`; timers have a granularity of one
/// millisecond (128 microseconds on a chip with a heap) and never fire early.
///
/// # Panics
/// If there is no runtime here, or its timers are disabled.
///
/// # Cancel safety
/// Dropping the future cancels the timer.
///
/// # Cost
/// Two read-modify-writes at the first poll, two more if it is dropped before its time.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{Instant, sleep_until};
///
/// let noon = Instant::now() + Duration::from_secs(3600);
/// sleep_until(noon).await;
/// assert_eq!(Instant::now(), noon);
/// // A time that has passed is no wait.
/// sleep_until(noon).await;
/// # }
/// ```
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    let timers = timers_here();
    Sleep {
        told: SleepSpan::new(),
        timers: timers.shard(),
        entry: Entry::new(timers.epoch(), deadline),
    }
}

/// Waits for `duration`; timers have a granularity of one
/// millisecond (128 microseconds on a chip with a heap) and never fire early.
///
/// A duration too long to be represented waits for thirty years.
///
/// # Panics
/// If there is no runtime here, or its timers are disabled.
///
/// # Cancel safety
/// Dropping the future cancels the timer.
///
/// # Cost
/// A clock read, two read-modify-writes at the first poll, two more if it is dropped before its
/// time.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{Instant, sleep};
///
/// let start = Instant::now();
/// // Other tasks of the thread run meanwhile; `std::thread::sleep` would stop them all.
/// selkie::join!(sleep(Duration::from_secs(2)), sleep(Duration::from_secs(3)));
/// assert_eq!(start.elapsed(), Duration::from_secs(3));
/// # }
/// ```
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    let timers = timers_here();
    let deadline = timers.clock().now().saturating_add(duration);
    Sleep {
        told: SleepSpan::new(),
        timers: timers.shard(),
        entry: Entry::new(timers.epoch(), deadline),
    }
}

/// A future that waits for a point in time; made by [`sleep`] and [`sleep_until`].
///
/// It must be pinned to be polled or [`reset`](Self::reset).
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::pin::pin;
/// use std::time::Duration;
/// use selkie::time::sleep;
///
/// let mut deadline = pin!(sleep(Duration::from_secs(3)));
/// let mut seconds = 0;
/// loop {
///     selkie::select! {
///         biased;
///         // By reference: it goes on in the next round.
///         () = &mut deadline => break,
///         () = sleep(Duration::from_secs(1)) => seconds += 1,
///     }
/// }
/// assert_eq!(seconds, 2);
/// assert!(deadline.is_elapsed());
/// # }
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    /// What a subscriber of `tracing` sees.
    told: SleepSpan,
    /// The shard's timers; which opening of them stands in the entry.
    timers: &'static Timers,
    entry: Entry,
}

impl Sleep {
    #[inline]
    fn timers(&self) -> TimersHandle {
        TimersHandle::at(self.timers, self.entry.epoch())
    }

    /// The instant that this future waits for.
    pub fn deadline(&self) -> Instant {
        // SAFETY: this future owns the entry.
        unsafe { self.entry.deadline() }
    }

    /// Whether the deadline has come; also false if the future was neither polled nor reset.
    pub fn is_elapsed(&self) -> bool {
        match self.entry.phase() {
            Phase::Fired => true,
            Phase::Idle => {
                self.entry.was_moved() && self.timers().was_due(due_tick(self.deadline()))
            }
            Phase::Pending | Phase::Closed => false,
        }
    }

    /// Waits for `deadline` instead, whether it has fired before or not.
    ///
    /// The waker of the last poll will be woken at the new deadline, if the old one was pending.
    ///
    /// # Cost
    /// Two read-modify-writes if it is waiting, else none.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::pin::pin;
    /// use std::time::Duration;
    /// use selkie::time::{Instant, sleep};
    ///
    /// let start = Instant::now();
    /// let mut idle = pin!(sleep(Duration::from_secs(30)));
    /// selkie::select! {
    ///     () = &mut idle => unreachable!(),
    ///     () = sleep(Duration::from_secs(20)) => {}
    /// }
    /// // Something happened: thirty seconds from now, with the same timer.
    /// idle.as_mut().reset(Instant::now() + Duration::from_secs(30));
    /// idle.await;
    /// assert_eq!(start.elapsed().as_secs(), 50);
    /// # }
    /// ```
    pub fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        // SAFETY: nothing is moved out.
        let this = unsafe { self.as_mut().get_unchecked_mut() };
        let timers = this.timers();
        this.told
            .reset(|| deadline.saturating_duration_since(timers.clock().now()));
        self.move_to(deadline);
    }

    /// As [`reset`](Self::reset), of which no subscriber is notified: a timer of another resource.
    pub(super) fn move_to(self: Pin<&mut Self>, deadline: Instant) {
        // SAFETY: nothing is moved out.
        let this = unsafe { self.get_unchecked_mut() };
        let mut phase = this.entry.phase();
        if phase == Phase::Pending {
            // SAFETY: this future owns the entry.
            phase = unsafe {
                this.timers()
                    .reschedule(NonNull::from(&this.entry), deadline)
            };
            if phase == Phase::Pending {
                return;
            }
        }
        // SAFETY: this future owns the entry, which does not wait.
        unsafe { this.entry.set_deadline(deadline) };
        if phase != Phase::Fired || !this.timers().was_due(due_tick(deadline)) {
            this.entry.rearm();
        }
    }

    /// One look at the timer, without the budget.
    fn poll_entry(&mut self, waker: &Waker) -> Poll<()> {
        let entry = NonNull::from(&self.entry);
        let phase = match self.entry.phase() {
            Phase::Idle => return self.poll_first(waker),
            // SAFETY: this future owns the entry, and it was PENDING just now.
            Phase::Pending if unsafe { self.entry.has_waker(waker) } => return Poll::Pending,
            // SAFETY: this future owns the entry.
            Phase::Pending => unsafe { self.timers().change_waker(entry, waker) },
            phase => phase,
        };
        match phase {
            Phase::Fired => Poll::Ready(()),
            Phase::Closed => self.closed(),
            Phase::Idle | Phase::Pending => Poll::Pending,
        }
    }

    /// The shard is closed.
    #[cold]
    fn closed(&self) -> Poll<()> {
        match self.timers().at_end() {
            AtEnd::Panic => timers_ended(),
            AtEnd::Fire => Poll::Ready(()),
        }
    }

    fn poll_first(&mut self, waker: &Waker) -> Poll<()> {
        let entry = NonNull::from(&self.entry);
        let (timers, deadline) = (self.timers(), self.deadline());
        SleepSpan::registered(|| deadline.saturating_duration_since(timers.clock().now()));
        // SAFETY: this future owns the entry, is pinned, and its drop cancels (I1).
        match unsafe { self.timers().register(entry, self.deadline(), waker) } {
            RegisterOutcome::Pending => Poll::Pending,
            RegisterOutcome::Closed => self.closed(),
            RegisterOutcome::Due => {
                self.entry.fire_at_once();
                Poll::Ready(())
            }
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // SAFETY: nothing is moved out but what a subscriber sees.
        let this = unsafe { self.get_unchecked_mut() };
        let told = mem::replace(&mut this.told, SleepSpan::none());
        let polled = told.enter(|| {
            let unit = ready!(SleepSpan::stepped(coop::poll_proceed(cx)));
            ready!(SleepSpan::stepped(this.poll_entry(cx.waker())));
            unit.made_progress();
            Poll::Ready(())
        });
        this.told = told;
        polled
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if self.entry.phase() == Phase::Pending {
            // SAFETY: this future owns the entry, which was registered with this shard.
            unsafe { self.timers().cancel(NonNull::from(&self.entry)) };
        }
    }
}
