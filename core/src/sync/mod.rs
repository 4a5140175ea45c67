//! Channels and locks for tasks.

mod blocking;
mod errors;
pub mod futures;
#[cfg(feature = "alloc")]
pub mod mpsc;
mod mutex;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod mutex_owned;
mod notified;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod notified_owned;
mod notify;
#[cfg(feature = "alloc")]
pub mod oneshot;
mod permits;
#[cfg(feature = "alloc")]
mod places;
mod semaphore;
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
mod semaphore_owned;

pub use blocking::{forbid_blocking, is_blocking_forbidden};
pub use errors::{AcquireError, TryAcquireError, TryLockError};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use mutex_owned::{OwnedMappedMutexGuard, OwnedMutexGuard};
pub use notify::Notify;
pub use semaphore::{Semaphore, SemaphorePermit};
#[cfg(all(feature = "alloc", target_has_atomic = "ptr"))]
pub use semaphore_owned::OwnedSemaphorePermit;
