//! Executors for chips and for small threads, and the table by which portable crates find whatever
//! executor runs them.
//!
//! [`Executor`] runs tasks in the static slots of an [`Arena`]: no heap, and `spawn` gives the
//! future back when every slot is taken. `HeapExecutor` (feature `alloc`) runs allocated tasks
//! that can be joined. Both sleep by [`Park`](crate::park::Park). On a chip, [`ChipTimers`] drives
//! the timers of all executors by one alarm; elsewhere [`TimedPark`] does.
//!
//! The executors come with the feature `executor`, which is on by default. Without it, [`spawn`] finds the runtime of the crate
//! `selkie`, or whatever executor else.

#[cfg(feature = "executor")]
mod alarm;
#[cfg(feature = "executor")]
mod chip;
#[cfg(feature = "executor")]
mod root;
mod services;
#[cfg(feature = "executor")]
mod unpark;

#[cfg(feature = "executor")]
mod slot;
#[cfg(feature = "executor")]
mod timed_park;

#[cfg(feature = "executor")]
mod arena;

#[cfg(feature = "executor")]
mod fixed;

mod spawn;

#[cfg(all(feature = "executor", feature = "alloc"))]
mod heap;

#[cfg(all(feature = "executor", feature = "std"))]
mod hosted;

pub(crate) mod raw;

#[cfg(feature = "executor")]
pub use alarm::{AlarmClock, ChipTimers};
#[cfg(feature = "executor")]
pub use arena::Arena;
#[cfg(feature = "executor")]
pub use chip::{ChipPark, ChipUnpark};
#[cfg(feature = "executor")]
pub use fixed::{Executor, LocalSpawner};
#[cfg(all(feature = "executor", feature = "alloc"))]
pub use heap::HeapExecutor;
#[cfg(all(feature = "executor", feature = "std"))]
pub use hosted::{ThreadPark, ThreadUnpark};
pub use services::{Refusal, SpawnError};
pub use spawn::spawn;
#[cfg(feature = "executor")]
pub use timed_park::TimedPark;

#[cfg(all(test, feature = "executor", feature = "std", not(loom)))]
mod tests;

#[cfg(all(test, loom, feature = "executor", feature = "alloc"))]
mod model;
