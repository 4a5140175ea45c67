//! Waiting for a future on the calling thread.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;

use crate::context::{EnterRuntime, Handle, enter_runtime};
use crate::observability::{RootGuard, watched};
use crate::scheduler::{Spawner, block_on_thread};
use crate::trace;

/// Futures larger than this are moved to the heap, to spare the stacks of small threads.
const LARGEST_ON_STACK: usize = 16 * 1024;

/// Waits for `future`, and drives the tasks of a current-thread runtime meanwhile.
#[track_caller]
pub(super) fn runtime<F: Future>(handle: &Handle, future: F) -> F::Output {
    let future = trace::root(future);
    if let Some(root) = watch(handle) {
        return drive(handle, watched(erase_type(future), root));
    }
    if size_of::<F>() > LARGEST_ON_STACK {
        return drive(handle, Box::pin(future));
    }
    drive(handle, future)
}

/// Has the runtime's watchdog look at the polls of a future, if there is one.
#[track_caller]
#[inline]
fn watch(handle: &Handle) -> Option<RootGuard> {
    let called_at = Location::caller();
    let watchdog = handle.inner.watchdog.get()?;
    watchdog.watch_root(called_at)
}

/// The future without its type: what polls a watched one is not there once more for each.
fn erase_type<'a, F: Future + 'a>(future: F) -> Pin<Box<dyn Future<Output = F::Output> + 'a>> {
    Box::pin(future)
}

#[track_caller]
fn drive<F: Future>(handle: &Handle, future: F) -> F::Output {
    match &handle.inner.spawner {
        Spawner::CurrentThread(scheduler) => {
            enter_runtime(handle, EnterRuntime::CurrentThread, || {
                scheduler.block_on(future)
            })
        }
        #[cfg(feature = "rt-multi-thread")]
        Spawner::MultiThread(_) => {
            enter_runtime(handle, EnterRuntime::Worker, || block_on_thread(future))
        }
    }
}

impl Handle {
    /// Runs `future` to its end on the calling thread, in the runtime's context.
    ///
    /// On a current-thread runtime this drives neither tasks nor timers nor sockets: somebody has
    /// to be in [`Runtime::block_on`](super::Runtime::block_on) for them.
    ///
    /// # Panics
    /// If `future` panics, if the thread drives a runtime, or if a timer or socket of a runtime
    /// that has shut down is used.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_multi_thread().worker_threads(1).build()?;
    /// let handle = runtime.handle().clone();
    /// // A thread waits for something that is asynchronous.
    /// let thread = std::thread::spawn(move || handle.block_on(async { selkie::spawn(async { 3 }).await.unwrap() }));
    /// assert_eq!(thread.join().unwrap(), 3);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        // The thread drives no tasks, whatever the runtime: it may block in place.
        let standing = EnterRuntime::Worker;
        let future = trace::root(future);
        if let Some(root) = watch(self) {
            let future = watched(erase_type(future), root);
            return enter_runtime(self, standing, || block_on_thread(future));
        }
        if size_of::<F>() > LARGEST_ON_STACK {
            let future = Box::pin(future);
            return enter_runtime(self, standing, || block_on_thread(future));
        }
        enter_runtime(self, standing, || block_on_thread(future))
    }
}
