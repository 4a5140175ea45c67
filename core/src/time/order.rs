//! What keeps timers in order: a wheel, or a sorted list where there is no heap and therefore few tasks.

#[cfg(not(feature = "alloc"))]
pub(super) use super::list::TimerList as Order;
#[cfg(feature = "alloc")]
pub(super) use super::wheel::Wheel as Order;

/// The latest tick; later deadlines are taken to be this one.
pub(super) const LAST_TICK: u64 = (1 << 60) - 1;
