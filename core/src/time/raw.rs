//! What schedulers need of clocks and timers; from outside of this crate it is `raw::time`.

pub use super::clock::Clock;
pub use super::clock_mode::{AtEnd, ClockError, ClockMode};
pub use super::current::{Current, current, set_current};
pub use super::handle::ClockGuard;
pub use super::owner::{ParkLimit, TimersOwner};
