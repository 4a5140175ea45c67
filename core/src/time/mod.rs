//! Clocks and timers: a hierarchical wheel per worker (a sorted list on a chip without a heap, see `list`), and the futures that wait on it.

mod instant;

mod clock_mode;

#[cfg_attr(not(feature = "alloc"), allow(dead_code))]
mod clock;

#[cfg(feature = "alloc")]
mod entry;

#[cfg(feature = "alloc")]
mod wheel;

#[cfg(feature = "alloc")]
mod timers;

#[cfg(feature = "alloc")]
mod handle;

#[cfg(feature = "alloc")]
mod owner;

#[cfg(feature = "alloc")]
mod pool;

#[cfg(feature = "alloc")]
mod current;

#[cfg(feature = "alloc")]
mod sleep;

#[cfg(not(feature = "alloc"))]
mod list;
#[cfg(not(feature = "alloc"))]
use list::{current, handle, owner, sleep, timers};

mod timeout;

#[cfg(feature = "embedded-hal")]
mod delay;

#[cfg(feature = "alloc")]
mod interval;

#[cfg(feature = "std")]
mod hosted;

pub(crate) mod raw;

#[cfg(not(any(feature = "std", loom)))]
pub use crate::platform::install_clock;
#[cfg(feature = "embedded-hal")]
pub use delay::{BusyDelay, Delay};
pub use handle::TimersHandle;
pub use instant::Instant;
#[cfg(feature = "alloc")]
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};
pub use timers::Timers;

#[cfg(all(test, feature = "alloc"))]
mod wheel_tests;

#[cfg(all(test, feature = "std"))]
mod tests;

#[cfg(all(test, loom))]
mod model;
