//! The task: a future in a type-stable slot, owned by its runtime and its [`JoinHandle`].
//!
//! Nothing counts references. Two parties own a task, the runtime and the join handle; each leaves
//! once, and the last to leave gives the slot back. Wakers and [`AbortHandle`]s own nothing: they
//! are plain words that name a slot and a generation, and a stale one does nothing, or wakes a
//! task once more than needed, which every future must bear.
//!
//! Without a heap a task stands in a fixed slot and has no handle: see [`Executor`](crate::executor::Executor).

mod erased_future;

#[cfg(feature = "alloc")]
mod boxed;
#[cfg(feature = "alloc")]
mod cell;
#[cfg(feature = "alloc")]
mod error;
#[cfg(feature = "alloc")]
mod header;
#[cfg(feature = "std")]
mod hosted;
mod id;
#[cfg(feature = "alloc")]
mod join;
#[cfg(feature = "alloc")]
mod meta_words;
#[cfg(feature = "alloc")]
mod owned;
#[cfg(feature = "alloc")]
mod poll;
#[cfg(feature = "alloc")]
mod schedule;
#[cfg(feature = "alloc")]
mod slots;
#[cfg(feature = "alloc")]
mod spawn;
#[cfg_attr(not(feature = "alloc"), allow(dead_code))]
mod state;
#[cfg(feature = "alloc")]
mod vtable;
#[cfg(feature = "alloc")]
mod waker;
mod yield_now;

pub(crate) mod raw;

#[cfg(feature = "alloc")]
pub use error::JoinError;
pub use id::{Id, current_id};
#[cfg(feature = "alloc")]
pub use join::{AbortHandle, JoinHandle};
pub use yield_now::yield_now;

#[cfg(all(test, loom, feature = "alloc"))]
mod listed_model;
#[cfg(all(test, loom, feature = "alloc"))]
mod model;
