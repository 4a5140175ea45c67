//! Timers and the clock: sleeping, deadlines, intervals, and a clock that tests can stop.
//!
//! ```
//! use std::time::Duration;
//! use selkie::time::{self, Instant};
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().enable_time().build()?;
//! # runtime.block_on(async {
//! let begin = Instant::now();
//! time::sleep(Duration::from_millis(5)).await;
//! assert!(begin.elapsed() >= Duration::from_millis(5));
//!
//! // A limit for anything: what is not ready by then is dropped.
//! let never = std::future::pending::<()>();
//! assert!(time::timeout(Duration::from_millis(5), never).await.is_err());
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | wait for a time | [`sleep`], [`sleep_until`] |
//! | wait more exactly than a millisecond | [`sleep_precise`] |
//! | count the time that the machine was suspended | [`sleep_through_suspend`] |
//! | limit how long something takes | [`timeout`], [`timeout_at`] |
//! | do something again and again | [`interval`], [`interval_at`] |
//! | stop the clock in a test | [`pause`], [`advance`] |
//!
//! # How exact it is
//!
//! A sleep never ends early. Timers have a grain of one millisecond, and end as a rule within the next one; a worker in a long poll does not hold up the
//! timers of others. A duration too long to be added to the present is taken as "in some thirty years".
//!
//! # What it costs
//!
//! A timer is part of the future that waits: it needs no memory besides, and no system call unless it is the next one to be due. Making and dropping one
//! takes some 500 instructions (`docs/performance.md`). Each worker has a wheel of its own, a hashed hierarchical one
//! (Varghese and Lauck, 1987); `docs/timers.md` explains it.
//!
//! # The clock
//!
//! [`Instant`] is `std::time::Instant`, but for a paused clock. On a current-thread runtime that is paused, time stands still, and moves to the next timer when
//! all tasks wait: a test of an hour takes milliseconds.
//!
//! ```
//! use std::time::Duration;
//! use selkie::time::{Instant, sleep};
//!
//! # let runtime = selkie::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
//! # runtime.block_on(async {
//! let begin = Instant::now();
//! sleep(Duration::from_secs(3600)).await;
//! assert_eq!(begin.elapsed().as_secs(), 3600);
//! # });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Timers need a runtime whose time was enabled; elsewhere they panic when they are made.

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
