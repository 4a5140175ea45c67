//! The runtime of the current thread, and whether the thread may block.
//!
//! States      of a thread: outside | driving a runtime's tasks, with or without a worker to hand off
#![allow(unsafe_code)]

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use selkie_core::raw::coop;
use selkie_core::raw::random::seed_context;
use selkie_core::raw::sync::forbid_blocking;

use super::handle::{Handle, Inner, Seeds};
use super::scope::{current_inner, enter_context, with_inner};

/// How the thread stands to blocking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EnterRuntime {
    /// Outside a runtime's loop: may block.
    Outside,
    /// Drives tasks: may not block, but may hand its worker off first.
    Worker,
    /// Drives tasks and can hand nothing off.
    CurrentThread,
}

thread_local! {
    static STANDING: Cell<EnterRuntime> = const { Cell::new(EnterRuntime::Outside) };
}

/// Why there is no current handle.
///
/// # Examples
/// ```
/// use selkie::runtime::Handle;
///
/// let error = Handle::try_current().unwrap_err();
/// assert!(error.is_missing_context());
/// ```
#[derive(Debug)]
pub struct TryCurrentError {
    destroyed: bool,
}

impl TryCurrentError {
    /// Whether no runtime runs here.
    pub fn is_missing_context(&self) -> bool {
        !self.destroyed
    }

    /// Whether the thread is ending and its locals are gone.
    pub fn is_thread_local_destroyed(&self) -> bool {
        self.destroyed
    }
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.destroyed {
            "The Tokio context thread-local variable has been destroyed. (Selkie's runtime)"
        } else {
            "there is no reactor running, must be called from the context of a Tokio 1.x runtime \
             (Selkie's: the crate `selkie`, or `tokio` on Selkie)"
        })
    }
}

impl Error for TryCurrentError {}

const MISSING: TryCurrentError = TryCurrentError { destroyed: false };
const GONE: TryCurrentError = TryCurrentError { destroyed: true };

/// Calls `f` with the runtime that runs here.
#[inline]
pub(crate) fn with_current<R>(f: impl FnOnce(&Inner) -> R) -> Result<R, TryCurrentError> {
    with_inner(|inner| inner.map(f))
        .map_err(|_gone| GONE)?
        .ok_or(MISSING)
}

/// The handle of the runtime that runs here.
pub(crate) fn current() -> Result<Handle, TryCurrentError> {
    let inner = current_inner().map_err(|_gone| GONE)?;
    if inner.is_null() {
        return Err(MISSING);
    }
    // SAFETY: where the `Arc` of a handle is that is alive, since its context is entered. A reference to what is in it
    // would not do: the counts lie beside that.
    unsafe { Arc::increment_strong_count(inner) };
    // SAFETY: the count just taken.
    let inner = unsafe { Arc::from_raw(inner) };
    Ok(Handle { inner })
}

/// The driver of the runtime that runs here.
#[cfg(feature = "reactor")]
#[track_caller]
pub(crate) fn driver() -> crate::driver::Handle {
    match with_current(|inner| inner.driver.clone()) {
        Ok(Some(driver)) => driver,
        Ok(None) => panic!(
            "A Tokio 1.x context was found, but IO is disabled. \
             Call `enable_io` on the runtime builder to enable IO. (Selkie's runtime)"
        ),
        Err(error) => panic!("{error}"),
    }
}

/// The driver of the runtime that runs here, if one does and has a driver.
#[cfg(all(feature = "net", feature = "io-std"))]
#[allow(
    dead_code,
    reason = "asked for standard input, which some systems cannot watch"
)]
pub(crate) fn try_driver() -> Option<crate::driver::Handle> {
    with_current(|inner| inner.driver.clone()).ok().flatten()
}

impl Handle {
    /// The handle of the runtime that runs here.
    ///
    /// # Panics
    /// If no runtime runs here.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::runtime::Handle;
    ///
    /// let handle = Handle::current();
    /// // A thread of the program's own gets work done by the runtime.
    /// let thread = std::thread::spawn(move || handle.spawn(async { 5 }));
    /// let task = thread.join().unwrap();
    /// assert_eq!(task.await.unwrap(), 5);
    /// # }
    /// ```
    #[track_caller]
    pub fn current() -> Self {
        match Self::try_current() {
            Ok(handle) => handle,
            Err(error) => panic!("{error}"),
        }
    }

    /// The handle of the runtime that runs here.
    ///
    /// # Errors
    /// If no runtime runs here, or the thread's locals are gone.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Builder, Handle};
    ///
    /// /// On the runtime that is there, or on one of its own.
    /// fn length_of(text: &'static str) -> usize {
    ///     let count = async move { text.len() };
    ///     match Handle::try_current() {
    ///         Ok(_) => panic!("to be awaited by the caller"),
    ///         Err(_) => Builder::new_current_thread().build().unwrap().block_on(count),
    ///     }
    /// }
    ///
    /// assert_eq!(length_of("four"), 4);
    /// ```
    pub fn try_current() -> Result<Self, TryCurrentError> {
        current()
    }
}

/// # Panics
/// If the thread drives a runtime already, or the process was forked since the runtime of `handle` was made.
#[track_caller]
#[inline]
pub(crate) fn assert_may_enter_runtime(handle: &Handle) {
    assert!(
        STANDING.get() == EnterRuntime::Outside,
        "Cannot start a runtime from within a runtime. This happens because a function (like \
         `block_on`) attempted to block the current thread while the thread is being used to \
         drive asynchronous tasks. If you are in an async function, use `.await` on the future instead \
         of blocking on it."
    );
    handle.inner.process.assert_current();
}

/// Runs `f`, which drives the tasks of `handle`'s runtime, in its context.
///
/// # Panics
/// If the thread drives a runtime already, or the process was forked since the runtime was made.
#[track_caller]
#[inline]
pub(crate) fn enter_runtime<R>(
    handle: &Handle,
    standing: EnterRuntime,
    f: impl FnOnce() -> R,
) -> R {
    assert_may_enter_runtime(handle);
    let _standing = StandingGuard::set(standing);
    let _seeded = handle.inner.seeds.as_ref().map(SeedGuard::by);
    enter_context(handle, f)
}

/// Runs `f` as if the thread drove no runtime; its worker, if any, has been handed off.
pub(crate) fn leave_runtime<R>(f: impl FnOnce() -> R) -> R {
    let _standing = StandingGuard::set(EnterRuntime::Outside);
    f()
}

/// Runs `f`, which drives tasks that cannot be handed to another thread.
pub(crate) fn without_handoff<R>(f: impl FnOnce() -> R) -> R {
    struct RestoreGuard(EnterRuntime);
    impl Drop for RestoreGuard {
        fn drop(&mut self) {
            STANDING.set(self.0);
        }
    }
    let before = STANDING.get();
    if before == EnterRuntime::Worker {
        STANDING.set(EnterRuntime::CurrentThread);
    }
    let _restore = RestoreGuard(before);
    f()
}

/// How the calling thread stands to blocking.
pub(crate) fn is_inside_runtime() -> EnterRuntime {
    STANDING
        .try_with(Cell::get)
        .unwrap_or(EnterRuntime::Outside)
}

/// Whether a thread may wait for a runtime's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MayWait {
    Yes,
    /// No, and that is all right.
    No,
    /// No, and whoever tries gets a panic.
    Panics,
}

/// Whether the calling thread may wait for a runtime's end. A thread that drives a runtime may not;
/// a panic that unwinds through a task is not followed by a second one.
pub(crate) fn may_wait_for_shutdown() -> MayWait {
    if is_inside_runtime() == EnterRuntime::Outside {
        MayWait::Yes
    } else if std::thread::panicking() {
        MayWait::No
    } else {
        MayWait::Panics
    }
}

/// Restores how the thread stood, and its budget, also on unwinding.
struct StandingGuard {
    before: EnterRuntime,
    budget: coop::Budget,
}

impl StandingGuard {
    #[inline]
    fn set(standing: EnterRuntime) -> Self {
        forbid_blocking(standing != EnterRuntime::Outside);
        Self {
            before: STANDING.replace(standing),
            budget: coop::stop(),
        }
    }
}

impl Drop for StandingGuard {
    #[inline]
    fn drop(&mut self) {
        STANDING.set(self.before);
        forbid_blocking(self.before != EnterRuntime::Outside);
        coop::resume(self.budget);
    }
}

/// The thread's random numbers follow from a runtime's seed until this is dropped.
struct SeedGuard(u64);

impl SeedGuard {
    fn by(seeds: &Seeds) -> Self {
        Self(seed_context(seeds.next()))
    }
}

impl Drop for SeedGuard {
    fn drop(&mut self) {
        seed_context(self.0);
    }
}
