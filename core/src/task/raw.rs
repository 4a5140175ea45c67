//! What schedulers need of tasks; from outside of this crate it is `raw::task`.

#[cfg(feature = "alloc")]
pub use super::boxed::BoxedTask;
pub use super::fixed::{BODY_ALIGN, BODY_OFFSET, FixedHeader, FixedNotified, FixedSchedule};
#[cfg(feature = "alloc")]
pub use super::header::{Header, Notified, Schedule};
#[cfg(feature = "alloc")]
pub use super::owned::{ClosingTasks, OwnedTasks};
pub use super::parcel::{FutureTable, Parcel};
#[cfg(feature = "alloc")]
pub use super::place::spawn_in;
#[cfg(feature = "alloc")]
pub use super::waker::is_of_task;
