//! The running thread's runtime, and whether the thread may block.
//!
//! States      `HANDLE`: no runtime | in a runtime's context. `STANDING`: outside | driving a
//!             runtime's tasks, with or without a worker to hand off.
//! Invariants  I1 a pointer in `HANDLE` is alive: a guard on this thread's stack borrows it or owns
//!                a count of it.
//!             I2 guards restore what stood before them, in the reverse order.
//! Rejected    A handle cloned for every `block_on`: two atomic operations for nothing.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use selkie_core::coop;
use selkie_core::executor::{Refusal, Services, set_services};
use selkie_core::sync::forbid_blocking;
use selkie_core::task::{Id as TaskId, Parcel};
use selkie_core::time::{Current, set_current};

use super::handle::{Handle, Inner, Seeds};
use crate::macros::seed_thread;

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
    static HANDLE: Cell<*const Inner> = const { Cell::new(std::ptr::null()) };
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static STANDING: Cell<EnterRuntime> = const { Cell::new(EnterRuntime::Outside) };
}

/// Why there is no current handle.
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
            "The Tokio context thread-local variable has been destroyed."
        } else {
            "there is no reactor running, must be called from the context of a Tokio 1.x runtime"
        })
    }
}

impl Error for TryCurrentError {}

/// Calls `f` with the runtime that runs here.
#[inline]
pub(crate) fn with_current<R>(f: impl FnOnce(&Inner) -> R) -> Result<R, TryCurrentError> {
    let inner = HANDLE
        .try_with(Cell::get)
        .map_err(|_| TryCurrentError { destroyed: true })?;
    // SAFETY: alive, or null (I1).
    match unsafe { inner.as_ref() } {
        Some(inner) => Ok(f(inner)),
        None => Err(TryCurrentError { destroyed: false }),
    }
}

/// The handle of the runtime that runs here.
pub(crate) fn current() -> Result<Handle, TryCurrentError> {
    with_current(|inner| {
        let inner = std::ptr::from_ref(inner);
        // SAFETY: it came from an `Arc` that is alive (I1).
        unsafe { Arc::increment_strong_count(inner) };
        // SAFETY: the count just taken.
        let inner = unsafe { Arc::from_raw(inner) };
        Handle { inner }
    })
}

/// The driver of the runtime that runs here.
#[cfg(feature = "reactor")]
#[track_caller]
pub(crate) fn driver() -> crate::driver::Handle {
    match with_current(|inner| inner.driver.clone()) {
        Ok(Some(driver)) => driver,
        Ok(None) => panic!(
            "A Tokio 1.x context was found, but IO is disabled. \
             Call `enable_io` on the runtime builder to enable IO."
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

/// The context of a runtime on this thread; made by [`Handle::enter`](crate::runtime::Handle::enter).
#[must_use = "Creating and dropping a guard does nothing"]
pub struct EnterGuard<'a> {
    _owned: OwnedScope,
    _handle: PhantomData<&'a Handle>,
}

/// A scope that counts its handle, so that a guard that is never dropped leaks the handle instead of
/// leaving a pointer to nothing (I1).
struct OwnedScope {
    scope: Scope,
    handle: *const Inner,
}

// SAFETY: a shared guard gives access to nothing.
unsafe impl Sync for OwnedScope {}

impl fmt::Debug for EnterGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterGuard").finish_non_exhaustive()
    }
}

fn enter(handle: &Handle) -> EnterGuard<'_> {
    let handle = Arc::into_raw(Arc::clone(&handle.inner));
    // SAFETY: alive by the count just taken, which goes after the scope.
    let scope = unsafe { Scope::new(handle) };
    EnterGuard {
        _owned: OwnedScope { scope, handle },
        _handle: PhantomData,
    }
}

impl Drop for OwnedScope {
    #[inline]
    fn drop(&mut self) {
        self.scope.leave();
        // SAFETY: the count taken in `enter`.
        drop(unsafe { Arc::from_raw(self.handle) });
    }
}

impl Handle {
    /// Enters the runtime's context until the guard drops: `spawn`, timers and sockets then find
    /// the runtime.
    pub fn enter(&self) -> EnterGuard<'_> {
        enter(self)
    }

    /// The handle of the runtime that runs here.
    ///
    /// # Panics
    /// If no runtime runs here.
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
    pub fn try_current() -> Result<Self, TryCurrentError> {
        current()
    }
}

/// What a crate's `selkie_core::spawn` does in a runtime's context: a task of the runtime.
///
/// # Safety
/// `data` is the scope's `Inner`, alive (I1), and the future is `Send`.
unsafe fn spawn_parcel(data: *const (), parcel: Parcel<'_>) -> Result<(), Refusal> {
    // SAFETY: by the caller's promise.
    let inner = unsafe { &*data.cast::<Inner>() };
    // SAFETY: the future is `Send`; saying `Ok` makes the lender forget it.
    let future = unsafe { parcel.into_box() };
    let task = inner
        .spawner
        .spawn(future, TaskId::next(), Location::caller());
    drop(task);
    Ok(())
}

/// Runs `f` in the context of `handle`.
#[inline]
pub(crate) fn enter_context<R>(handle: &Handle, f: impl FnOnce() -> R) -> R {
    // SAFETY: `handle` is borrowed for longer than the scope (I1).
    let mut scope = unsafe { Scope::new(Arc::as_ptr(&handle.inner)) };
    struct Leave<'a>(&'a mut Scope);
    impl Drop for Leave<'_> {
        #[inline]
        fn drop(&mut self) {
            self.0.leave();
        }
    }
    let _leave = Leave(&mut scope);
    f()
}

/// A poll in the runtime that runs here has used up its budget.
fn count_forced_yield() {
    let _counted = with_current(|inner| {
        // Relaxed: a figure for readers.
        inner.forced_yields.fetch_add(1, Ordering::Relaxed);
    });
}

/// What stood before a context was entered.
struct Scope {
    before: *const Inner,
    time_before: Current,
    services_before: Option<Services>,
    depth: usize,
}

impl Scope {
    /// # Safety
    /// `inner` is alive until `leave` was called (I1).
    #[inline]
    unsafe fn new(inner: *const Inner) -> Self {
        // SAFETY: alive by the caller's promise.
        let time = unsafe { &*inner }.current_time();
        let depth = DEPTH.get() + 1;
        DEPTH.set(depth);
        coop::on_forced_yield(count_forced_yield);
        let services = Services::new(inner.cast(), spawn_parcel);
        // SAFETY: `inner` is alive until `leave` puts back what stood before.
        let services_before = unsafe { set_services(Some(services)) };
        Self {
            before: HANDLE.replace(inner),
            time_before: set_current(time),
            services_before,
            depth,
        }
    }

    #[inline]
    fn leave(&mut self) {
        let Ok(depth) = DEPTH.try_with(Cell::get) else {
            return;
        };
        if depth != self.depth {
            assert!(
                std::thread::panicking(),
                "`EnterGuard` values dropped out of order. Guards returned by \
                 `tokio::runtime::Handle::enter()` must be dropped in the reverse order as they \
                 were acquired."
            );
            return;
        }
        DEPTH.set(depth - 1);
        HANDLE.set(self.before);
        set_current(self.time_before);
        // SAFETY: it stood there when this scope began, so whoever installed it still lives.
        unsafe { set_services(self.services_before) };
    }
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
    assert!(
        STANDING.get() == EnterRuntime::Outside,
        "Cannot start a runtime from within a runtime. This happens because a function (like \
         `block_on`) attempted to block the current thread while the thread is being used to \
         drive asynchronous tasks."
    );
    handle.inner.birth.assert_here();
    let _standing = Standing::set(standing);
    let _seeded = handle.inner.seeds.as_ref().map(Seeded::by);
    enter_context(handle, f)
}

/// Runs `f` as if the thread drove no runtime; its worker, if any, has been handed off.
pub(crate) fn leave_runtime<R>(f: impl FnOnce() -> R) -> R {
    let _standing = Standing::set(EnterRuntime::Outside);
    f()
}

/// Runs `f`, which drives tasks that cannot be handed to another thread.
pub(crate) fn without_handoff<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(EnterRuntime);
    impl Drop for Restore {
        fn drop(&mut self) {
            STANDING.set(self.0);
        }
    }
    let before = STANDING.get();
    if before == EnterRuntime::Worker {
        STANDING.set(EnterRuntime::CurrentThread);
    }
    let _restore = Restore(before);
    f()
}

/// How the calling thread stands to blocking.
pub(crate) fn is_inside_runtime() -> EnterRuntime {
    STANDING
        .try_with(Cell::get)
        .unwrap_or(EnterRuntime::Outside)
}

/// Whether the calling thread may wait for a runtime's end; a panic that unwinds through a task
/// does not wait, and does not panic a second time.
#[track_caller]
pub(crate) fn may_wait_for_shutdown() -> bool {
    if is_inside_runtime() == EnterRuntime::Outside {
        return true;
    }
    assert!(
        std::thread::panicking(),
        "Cannot drop a runtime in a context where blocking is not allowed. This happens when a \
         runtime is dropped from within an asynchronous context."
    );
    false
}

/// Restores how the thread stood, and its budget, also on unwinding.
struct Standing {
    before: EnterRuntime,
    budget: coop::Budget,
}

impl Standing {
    #[inline]
    fn set(standing: EnterRuntime) -> Self {
        forbid_blocking(standing != EnterRuntime::Outside);
        Self {
            before: STANDING.replace(standing),
            budget: coop::stop(),
        }
    }
}

impl Drop for Standing {
    #[inline]
    fn drop(&mut self) {
        STANDING.set(self.before);
        forbid_blocking(self.before != EnterRuntime::Outside);
        coop::resume(self.budget);
    }
}

/// The thread's random numbers follow from a runtime's seed until this is dropped.
struct Seeded(u64);

impl Seeded {
    fn by(seeds: &Seeds) -> Self {
        Self(seed_thread(seeds.next()))
    }
}

impl Drop for Seeded {
    fn drop(&mut self) {
        seed_thread(self.0);
    }
}
