//! embassy-time on Selkie's clock and alarm.
//!
//! Idea        One timer of Selkie's stands for the earliest of embassy's queue. What it wakes is no task, but this driver: it wakes what is due,
//!             in the alarm's interrupt, and moves the timer on to the next. So nothing has to be polled for it, and an urgent task's
//!             timer of embassy's ends whatever the other executors do.
//! States      without timers ─start→ idle ⇄ waiting for the earliest
//! Invariants  I1 the timer stands in a static, is made there once, and never moves or drops.
//!             I2 queue and timer are touched under the lock, which on a chip is a critical section. Wakers in the queue are woken under it:
//!                they are those of executors, which link a task into a queue, as with the time drivers of embassy's HALs.
//!             I3 a tick has begun when `now` says so: deadlines are rounded up to microseconds, so that nobody is woken before.
//! Rejected    A task that sleeps for the earliest: a slot, and a poll for each alarm. Sharing the alarm itself between both: each chip's
//!             board would have to be built for it.
#![allow(unsafe_code)]

use core::pin::Pin;
use core::ptr;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use core::time::Duration;

use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use selkie_core::raw::coop::{Budget, with_budget};
use selkie_core::raw::platform::{Lock, instant_now};
use selkie_core::raw::time::{Current, set_current};
use selkie_core::time::{Instant, Sleep, TimersHandle, sleep_until};

use crate::ticks::{micros_of_tick, ticks_of_micros};

/// Longer than any program runs, and short enough to be added to any moment.
const MOST_MICROS: u64 = 1 << 60;

/// embassy-time's driver.
struct SelkieDriver(Lock<State>);

struct State {
    queue: Queue,
    /// `None` until [`start_embassy_time`] was called.
    timer: Option<Sleep>,
}

embassy_time_driver::time_driver_impl!(static DRIVER: SelkieDriver = SelkieDriver(Lock::new(State {
    queue: Queue::new(),
    timer: None,
})));

/// Lets embassy-time's timers run on `timers`, which were started: those of a [`ChipTimers`](selkie_core::executor::ChipTimers). From then on its
/// `Timer`, `Ticker` and `with_timeout` work in every task of Selkie's, and in HALs that wait by them. Its time is the board's: zero where Selkie's clock
/// is zero.
///
/// What waits at the same time stands in a queue whose length a feature of embassy-time-queue-utils sets, for instance `generic-queue-16`; 64 without one. A
/// timer for which there is no place makes others be polled before their time, as with embassy's own drivers: none ends early.
///
/// # Panics
/// If it was called before.
pub fn start_embassy_time(timers: TimersHandle) {
    DRIVER.0.with(|state| {
        assert!(state.timer.is_none(), "embassy-time was started before");
        let before = set_current(Current::Timers(timers));
        state.timer = Some(sleep_until(moment(MOST_MICROS)));
        set_current(before);
        // What was scheduled before waited for this.
        state.fire_due();
    });
}

fn moment(micros: u64) -> Instant {
    let now = instant_now().as_micros();
    let ahead = Duration::from_micros(micros.saturating_sub(now));
    let now = Instant::from_std(instant_now());
    now.checked_add(ahead).unwrap_or(now)
}

impl State {
    /// Wakes what is due, and waits for what is next.
    fn fire_due(&mut self) {
        let State { queue, timer } = self;
        let Some(timer) = timer else { return };
        // SAFETY: it stands in a static and is never moved or dropped (I1).
        let mut timer = unsafe { Pin::new_unchecked(timer) };
        let waker = driver_waker();
        let mut cx = Context::from_waker(&waker);
        loop {
            let next = queue.next_expiration(ticks_of_micros(instant_now().as_micros()));
            if next == u64::MAX {
                return;
            }
            timer
                .as_mut()
                .reset(moment(micros_of_tick(next).min(MOST_MICROS)));
            // The task that this may happen in has a budget of its own. A timer that is due already is fired by the alarm.
            let poll = || Future::poll(timer.as_mut(), &mut cx);
            if with_budget(Budget::unlimited(), poll) == Poll::Pending {
                return;
            }
        }
    }
}

impl Driver for SelkieDriver {
    fn now(&self) -> u64 {
        ticks_of_micros(instant_now().as_micros())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        self.0.with(|state| {
            if state.queue.schedule_wake(at, waker) {
                state.fire_due();
            }
        });
    }
}

/// The waker of the timer: it knows the driver, which is a static, and nothing else.
fn driver_waker() -> Waker {
    // SAFETY: the functions of the table look at no data, and may be called in every context.
    unsafe { Waker::from_raw(driver_raw_waker(ptr::null())) }
}

fn driver_raw_waker(data: *const ()) -> RawWaker {
    RawWaker::new(data, &TABLE)
}

static TABLE: RawWakerVTable = RawWakerVTable::new(driver_raw_waker, wake, wake, |_| {});

fn wake(_: *const ()) {
    DRIVER.0.with(State::fire_due);
}
