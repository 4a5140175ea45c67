//! Timers and the clock: sleeping, deadlines, intervals, and a clock that tests can pause.

pub mod error;

#[cfg(feature = "test-util")]
mod pause;

#[cfg(feature = "net")]
mod precise_sleep;

pub use std::time::Duration;

#[cfg(feature = "test-util")]
pub use pause::{advance, pause, resume};
#[cfg(feature = "net")]
pub use precise_sleep::{BootInstant, PreciseSleep, sleep_precise, sleep_through_suspend};
pub use selkie_core::time::{
    Instant, Interval, MissedTickBehavior, Sleep, Timeout, interval, interval_at, sleep,
    sleep_until, timeout, timeout_at,
};
