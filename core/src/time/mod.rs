//! Clocks and timers: a hierarchical wheel per worker (a sorted list on a chip without a heap), and the futures that wait on it.

mod instant;

mod clock_mode;

mod clock;

mod entry;

#[cfg(feature = "alloc")]
mod wheel;

#[cfg(not(feature = "alloc"))]
mod list;

mod order;

mod timers;

mod handle;

mod owner;

#[cfg(feature = "alloc")]
mod pool;

mod current;

mod sleep;

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

#[cfg(test)]
mod wheel_tests;

#[cfg(all(test, feature = "std"))]
mod tests;

#[cfg(all(test, loom))]
mod model;
