//! Channels and locks for tasks.
//!
//! The types that need no heap are always there. The channels that allocate, and the guards and permits
//! that own what they guard, come with the feature `alloc`.

mod errors;

mod deadlock_detection;

mod permits;

mod take;

#[cfg(feature = "alloc")]
mod tail;

mod blocking;

mod guard;

mod semaphore;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod semaphore_owned;

mod mutex;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod mutex_owned;

mod rwlock_permits;

mod rwlock_guards;

mod rwlock;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod rwlock_owned;

mod notify;

mod notify_wait;

mod notify_until;

mod notified;

#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod notified_owned;

#[cfg(feature = "embedded-hal")]
mod pin_wait;

mod barrier;

mod write_once;

mod once_cell;

mod set_once;

mod signal;

mod fixed;

pub mod futures;

#[cfg(feature = "alloc")]
pub mod oneshot;

#[cfg(feature = "alloc")]
pub mod mpsc;

#[cfg(feature = "alloc")]
pub mod watch;

#[cfg(feature = "alloc")]
pub mod broadcast;

pub(crate) mod raw;

pub use crate::queue::Full;
pub use barrier::{Barrier, BarrierWaitResult};
pub use errors::{AcquireError, TryAcquireError, TryLockError};
pub use fixed::{FixedChannel, FixedPipe, FixedWatch, FixedWatchReceiver, PipeReader, PipeWriter};
#[cfg(feature = "futures")]
pub use fixed::{FixedSink, FixedStream, FixedWatchStream};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use mutex_owned::{OwnedMappedMutexGuard, OwnedMutexGuard};
pub use notify::Notify;
pub use once_cell::{OnceCell, SetError};
#[cfg(feature = "embedded-hal")]
pub use pin_wait::{NotifiedPin, PolledPin};
pub use rwlock::RwLock;
pub use rwlock_guards::{RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use rwlock_owned::{OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard};
pub use semaphore::{Semaphore, SemaphorePermit};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use semaphore_owned::OwnedSemaphorePermit;
pub use set_once::{SetOnce, SetOnceError};
pub use signal::Signal;

#[cfg(all(test, loom))]
mod model;

#[cfg(all(test, not(loom)))]
mod tests;
