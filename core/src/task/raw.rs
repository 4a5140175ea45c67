//! What schedulers need of tasks; from outside of this crate it is `raw::task`.

#[cfg(feature = "alloc")]
pub use super::boxed::BoxedFuture;
pub use super::erased_future::{ErasedFuture, FutureVtable};
#[cfg(feature = "alloc")]
pub use super::header::{Header, ListedState, ListedTask, Notified};
pub use super::id::{CurrentIdRef, current_id_ref, next_id};
#[cfg(feature = "alloc")]
pub use super::owned::{ClosingTasks, OwnedTasks, VisibleTasks, find_task};
#[cfg(feature = "alloc")]
pub use super::schedule::Schedule;
#[cfg(feature = "alloc")]
pub use super::spawn::UnspawnedTask;
#[cfg(feature = "alloc")]
pub use super::waker::is_of_task;
