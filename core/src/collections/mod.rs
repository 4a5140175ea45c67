//! Containers that the rest of the core is built of.

mod chain;
#[cfg(feature = "alloc")]
mod extent;
mod list;
mod padded;
#[cfg(feature = "alloc")]
mod slots;

pub use chain::{Chain, Chained};
pub use list::{Link, Linked, List};
pub use padded::Padded;
#[cfg(feature = "alloc")]
pub use slots::{Entered, Home, LARGEST_SLOT, Lease, SLOT_ALIGN, Shelter, SlotHeader};

#[cfg(all(test, loom, feature = "alloc"))]
mod model;
