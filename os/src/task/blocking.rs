//! Work that blocks its thread.

use selkie_core::task::JoinHandle;

use super::library_job::LibraryJob;
use crate::blocking::BlockingKind;
use crate::context::{self, EnterRuntime, Handle};

/// Runs `f`, which may block, on a thread of the blocking pool of the runtime that runs here.
///
/// A closure that has begun cannot be aborted; one that waits for a thread can.
///
/// # Panics
/// If no runtime runs here.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::task;
///
/// let sum = task::spawn_blocking(|| {
///     // Would keep the tasks of a worker waiting: a long computation, or std's I/O.
///     (1..=100_000_u64).sum::<u64>()
/// });
/// assert_eq!(sum.await.unwrap(), 5_000_050_000);
/// # }
/// ```
#[track_caller]
pub fn spawn_blocking<F, R>(f: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    Handle::current().spawn_blocking(f)
}

/// Runs `f` on the blocking pool, as part of an operation of this crate's of the kind `kind`.
///
/// Where no thread can be started the task is cancelled: who waits for it has an error to tell.
#[track_caller]
#[cfg_attr(not(feature = "full"), allow(dead_code))]
pub(crate) fn spawn_blocking_for<R: Send + 'static>(
    kind: BlockingKind,
    f: impl FnOnce() -> R + Send + 'static,
) -> LibraryJob<R> {
    LibraryJob::begin(&Handle::current(), kind, f).0
}

/// Runs `f`, which may block, on this very thread, after handing the thread's worker, with the
/// other tasks, to another thread.
///
/// # Panics
/// On a current-thread runtime, where there is nobody to hand the tasks to.
///
/// # Cost
/// Two lock operations and, if the other thread has to be woken, one system call.
///
/// # Examples
/// ```
/// # #[selkie::main(worker_threads = 2)]
/// # async fn main() {
/// use selkie::task;
///
/// let mut words = vec!["c", "a", "b"];
/// let task = selkie::spawn(async move {
///     // Unlike a closure of `spawn_blocking`, this one may borrow.
///     task::block_in_place(|| words.sort());
///     words.concat()
/// });
/// assert_eq!(task.await.unwrap(), "abc");
/// # }
/// ```
#[track_caller]
pub fn block_in_place<F, R>(f: F) -> R
where
    F: FnOnce() -> R,
{
    match context::is_inside_runtime() {
        EnterRuntime::Outside => f(),
        EnterRuntime::CurrentThread => {
            panic!("can call blocking only when running on the multi-threaded runtime")
        }
        EnterRuntime::Worker => {
            #[cfg(feature = "rt-multi-thread")]
            {
                crate::scheduler::block_in_place(|| context::leave_runtime(f))
            }
            #[cfg(not(feature = "rt-multi-thread"))]
            {
                context::leave_runtime(f)
            }
        }
    }
}
