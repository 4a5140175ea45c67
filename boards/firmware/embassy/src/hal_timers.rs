//! The timers, and the task that fires them.
//!
//! Idea        A HAL wakes wakers from its timer's interrupt, with its queue borrowed: the timers must not be fired there, since they arm the
//!             next alarm in that queue. So the waker is that of a task, which fires what is due, and arms the next.
//! Invariants  I1 an alarm may come early, or for nothing: firing looks at the clock.
//! Cost        A slot for that task, and a poll of it for each alarm.

use core::fmt;
use core::future::poll_fn;
use core::task::{Poll, Waker};

use selkie_core::executor::{AlarmClock, ChipTimers};
use selkie_core::raw::platform::Lock;
use selkie_core::time::{TimersHandle, install_clock};

use crate::ticks::{micros_of, ticks_of};

fn now_micros() -> u64 {
    micros_of(embassy_time_driver::now())
}

/// The timers of a chip, on the time driver of its HAL; stands in a static.
pub struct HalTimers(ChipTimers<HalClock>);

impl HalTimers {
    /// Timers that do not run yet.
    pub const fn new() -> Self {
        Self(ChipTimers::new(HalClock {
            task: Lock::new(None),
        }))
    }

    /// Starts the timers, for the executors' `set_timers`. The HAL has been initialized.
    ///
    /// # Panics
    /// If it was called before.
    pub fn start(&'static self) -> TimersHandle {
        install_clock(now_micros);
        self.0.start()
    }

    /// What fires the timers: one task of one executor, which it never ends. Without it no sleep ends.
    pub async fn drive(&'static self) {
        poll_fn(|cx| {
            self.0.clock().task.with(|task| {
                if !task.as_ref().is_some_and(|task| task.will_wake(cx.waker())) {
                    *task = Some(cx.waker().clone());
                }
            });
            self.0.on_alarm();
            Poll::Pending
        })
        .await
    }
}

impl Default for HalTimers {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HalTimers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HalTimers").finish_non_exhaustive()
    }
}

/// The HAL's clock, and its queue as the alarm.
struct HalClock {
    /// The task that fires the timers, once it runs.
    task: Lock<Option<Waker>>,
}

impl HalClock {
    fn task(&self) -> Option<Waker> {
        self.task.with(|task| task.clone())
    }
}

impl AlarmClock for HalClock {
    fn now_micros(&self) -> u64 {
        now_micros()
    }

    fn arm(&self, at_micros: u64) {
        // Without a task nobody waits yet: its first poll arms.
        if let Some(task) = self.task() {
            embassy_time_driver::schedule_wake(ticks_of(at_micros), &task);
        }
    }

    fn disarm(&self) {}

    fn fire_now(&self) {
        if let Some(task) = self.task() {
            task.wake();
        }
    }
}
