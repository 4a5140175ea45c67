//! Executors for chips and for small threads, and the table by which portable crates find whatever
//! executor runs them.
//!
//! [`Executor`] runs tasks in the static slots of an [`Arena`]: no heap, and `spawn` gives the
//! future back when every slot is taken. `HeapExecutor` (feature `alloc`) runs allocated tasks
//! that can be joined. Both sleep by [`Park`](crate::park::Park). On a chip, [`ChipTimers`] drives
//! the timers of all executors by one alarm; elsewhere [`TimedPark`] does.

mod alarm;
mod chip;
mod root;
mod services;
mod unpark;

mod slot;
mod timed_park;

mod arena;

mod fixed;

mod spawn;

#[cfg(feature = "alloc")]
mod heap;

#[cfg(feature = "std")]
mod hosted;

pub(crate) mod raw;

pub use alarm::{AlarmClock, ChipTimers};
pub use arena::Arena;
pub use chip::{ChipPark, ChipUnpark};
pub use fixed::{Executor, LocalSpawner};
#[cfg(feature = "alloc")]
pub use heap::HeapExecutor;
#[cfg(feature = "std")]
pub use hosted::{ThreadPark, ThreadUnpark};
pub use services::{Refusal, SpawnError};
pub use spawn::spawn;
pub use timed_park::TimedPark;

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;

#[cfg(all(test, loom, feature = "alloc"))]
mod model;
