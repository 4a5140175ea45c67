//! Spawning onto the current runtime, and the id of the current task.

use std::future::Future;
use std::panic::Location;

use selkie_core::raw::task::next_id;
use selkie_core::task::{Id, JoinHandle, current_id};

use crate::context;
use crate::trace::{self, Kind};

/// Spawns `future` onto the runtime that runs here; it begins to run whether or not the handle is
/// awaited.
///
/// # Panics
/// If no runtime runs here.
///
/// # Examples
/// ```
/// # let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// # runtime.block_on(async {
/// let task = selkie::spawn(async { 6 * 7 });
/// assert_eq!(task.await.unwrap(), 42);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
#[inline]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let (id, location) = (next_id(), Location::caller());
    let future = trace::task(future, Kind::Task, None, id, location);
    let spawned = context::with_current(|inner| inner.spawner.spawn(future, id, location));
    match spawned {
        Ok(handle) => handle,
        Err(error) => panic!("{error}"),
    }
}

/// The id of the task that the caller runs in.
///
/// # Panics
/// Outside a task, also in the future given to `block_on`.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// let task = selkie::spawn(async { selkie::task::id() });
/// let id = task.id();
/// assert_eq!(task.await.unwrap(), id);
/// # }
/// ```
#[track_caller]
pub fn id() -> Id {
    match try_id() {
        Some(id) => id,
        None => panic!("Can't get a task id when not inside a task"),
    }
}

/// The id of the task that the caller runs in, or `None` outside a task.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::task::try_id;
///
/// assert_eq!(try_id(), None, "main's future is no task");
/// assert!(selkie::spawn(async { try_id() }).await.unwrap().is_some());
/// # }
/// ```
#[track_caller]
pub fn try_id() -> Option<Id> {
    current_id()
}
