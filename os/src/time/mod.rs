//! Timers and the clock: sleeping, deadlines, ticks, and for tests a clock that stands still.

pub mod error;

#[cfg(feature = "test-util")]
mod pause;

pub use std::time::Duration;

#[cfg(feature = "test-util")]
pub use pause::{advance, pause, resume};
pub use selkie_core::time::{
    Instant, Interval, MissedTickBehavior, Sleep, Timeout, interval, interval_at, sleep,
    sleep_until, timeout, timeout_at,
};
