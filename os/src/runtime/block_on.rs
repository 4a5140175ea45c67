//! Waiting for a future on the calling thread.

use std::future::Future;
use std::panic::Location;
use std::pin::{Pin, pin};

use crate::context::{EnterRuntime, Handle, assert_may_enter_runtime, enter_runtime};
use crate::scheduler::block_on_thread;
use crate::trace;

use super::flavor::{BlockOn, Flavor};
use super::root_future::{KeptOutput, Root, RootFuture, WatchedRoot};

/// Futures larger than this are moved to the heap, to spare the stacks of small threads.
const LARGEST_ON_STACK: usize = 16 * 1024;

/// Waits for `future`, and drives the tasks of a current-thread runtime meanwhile.
#[track_caller]
pub(super) fn runtime<F: Future>(handle: &Handle, flavor: &Flavor, future: F) -> F::Output {
    wait(handle, flavor.block_on, trace::root(future))
}

#[track_caller]
fn wait<F: Future>(handle: &Handle, drive: BlockOn, future: F) -> F::Output {
    assert_may_enter_runtime(handle);
    if size_of::<F>() > LARGEST_ON_STACK || handle.inner.watchdog.get().is_some() {
        let mut kept = Box::pin(KeptOutput::new(future));
        drive_watched(handle, drive, kept.as_mut());
        return kept.as_mut().take();
    }
    let mut kept = pin!(KeptOutput::new(future));
    drive(handle, kept.as_mut());
    kept.take()
}

/// Calls `drive`; the runtime's watchdog looks at the polls, if there is one.
#[track_caller]
#[cold]
fn drive_watched(handle: &Handle, drive: BlockOn, root: Pin<&mut dyn Root>) {
    let called_at = Location::caller();
    let watchdog = handle.inner.watchdog.get();
    match watchdog.and_then(|watchdog| watchdog.watch_root(called_at)) {
        Some(watched) => drive(handle, pin!(WatchedRoot { root, watched })),
        None => drive(handle, root),
    }
}

/// Waits on the calling thread, which drives no tasks: it may block in place.
pub(super) fn wait_here(handle: &Handle, root: Pin<&mut dyn Root>) {
    enter_runtime(handle, EnterRuntime::Worker, || {
        block_on_thread(RootFuture(root));
    });
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
        wait(self, wait_here, trace::root(future))
    }
}
