//! Futures of this module's types, under names that can be written down.

pub use super::notified::Notified;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use super::notified_owned::OwnedNotified;
