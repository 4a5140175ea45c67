//! Clocks and timers: a hierarchical wheel per worker, and the futures that wait on it.

mod instant;

mod clock;

mod entry;

mod wheel;

mod timers;

#[cfg(feature = "alloc")]
mod lease;

mod current;

mod sleep;

pub use clock::{Clock, ClockError, Mode};
pub use current::{Current, current, set_current};
pub use instant::Instant;
#[cfg(feature = "alloc")]
pub use lease::TimersLease;
pub use sleep::{Sleep, sleep, sleep_until};
pub use timers::{ClockHold, Home, ParkFor, Timers};
