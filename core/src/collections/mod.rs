//! Containers that the rest of the core is built of.

mod chain;
mod slot;

#[cfg(feature = "alloc")]
mod block;
#[cfg(feature = "alloc")]
mod block_lists;
#[cfg(feature = "alloc")]
mod block_pool;
#[cfg(feature = "alloc")]
mod boxed_slice;
#[cfg(feature = "alloc")]
mod extent;
mod list;
#[cfg(feature = "alloc")]
mod order;
mod padded;
#[cfg(feature = "alloc")]
mod slab;
#[cfg(feature = "alloc")]
mod slab_owner;
#[cfg(feature = "alloc")]
mod slab_view;

#[cfg(feature = "alloc")]
pub use block::{LARGEST_SLOT, SLOT_ALIGN, SlotHeader};
#[cfg(feature = "alloc")]
pub use block_pool::BlockPool;
#[cfg(feature = "alloc")]
pub use boxed_slice::boxed_slice;
pub use chain::{Chain, ChainLink, QueueHandle, QueueItem};
pub use list::{Link, Linked, List};
#[cfg(feature = "alloc")]
pub use order::sort_by_number;
pub use padded::Padded;
#[cfg(feature = "alloc")]
pub use slab::{Entered, Slab, SlabHeader};
#[cfg(feature = "alloc")]
pub(crate) use slab_owner::SlotClass;
#[cfg(feature = "alloc")]
pub use slab_owner::{SlabOwner, SlabPool, SlotLayout};
pub use slot::SlotRef;

#[cfg(all(test, loom, feature = "alloc"))]
mod model;

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
