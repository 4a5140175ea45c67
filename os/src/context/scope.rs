//! The runtime in whose context a thread is.
//!
//! States      no runtime | in the context of a runtime, perhaps inside that of another
//! Invariants  I1 the `Inner` that an entered scope points to is alive: a frame on this thread's stack borrows it, or the
//!                guard owns a count of it.
//!             I2 a scope that is left restores the previous one if it is the innermost; otherwise it hands the previous
//!                one to the scope right inside it.
//!             I3 the table of services of a scope that was left points to nothing, because a scope inside it may restore that
//!                table later: a spawn then uses whatever context there is. Each table has a number, by which a guard knows
//!                whether its own table is installed: only then is the previous table alive.
//! Rejected    A handle cloned for every `block_on`: two atomic operations for nothing.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use selkie_core::executor::Refusal;
use selkie_core::raw::coop;
use selkie_core::raw::executor::{Services, set_services};
use selkie_core::raw::task::{ErasedFuture, next_id};
use selkie_core::raw::time::{Current, set_current};

use super::entered::{ExitOrder, InnermostEntry, Node};
use super::handle::{Handle, Inner};

thread_local! {
    static SCOPES: InnermostEntry<Scope> = const { Cell::new(ptr::null()) };
}

/// Where the runtime that runs here is, in its `Arc`; null, if there is none. It is alive as long as its context is entered (I1).
///
/// # Errors
/// If the thread's locals are gone.
#[inline]
pub(super) fn current_inner() -> Result<*const Inner, std::thread::AccessError> {
    let innermost = SCOPES.try_with(Cell::get)?;
    // SAFETY: a scope that is entered is at its place, or there is none.
    let scope = unsafe { innermost.as_ref() };
    Ok(scope.map_or(ptr::null(), |scope| scope.value.inner))
}

/// Calls `f` with the runtime that runs here.
///
/// # Errors
/// If the thread's locals are gone.
#[inline]
pub(super) fn with_inner<R>(
    f: impl FnOnce(Option<&Inner>) -> R,
) -> Result<R, std::thread::AccessError> {
    let inner = current_inner()?;
    // SAFETY: what it points to is alive (I1).
    Ok(f(unsafe { inner.as_ref() }))
}

/// One context that a thread has entered.
#[derive(Debug)]
struct Scope {
    inner: *const Inner,
    /// Tells the scope's table from others': a number that no other guard of the thread has had (I3), or 0
    /// of a scope that leaves in order.
    number: usize,
    before: Cell<OuterState>,
}

/// What stood before a scope was entered.
#[derive(Debug, Clone, Copy)]
struct OuterState {
    time: Current,
    services: Services,
}

impl Scope {
    fn new(inner: *const Inner, number: usize) -> Node<Self> {
        Node::new(Self {
            inner,
            number,
            before: Cell::new(OuterState {
                time: Current::Absent,
                services: Services::ABSENT,
            }),
        })
    }

    /// What a crate's `selkie_core::spawn` finds in this context.
    fn services(&self) -> Services {
        Services::new(ptr::without_provenance(self.number), spawn_erased)
    }
}

/// # Safety
/// The scope's `Inner` is alive until the scope is left (I1); and as [`Node::enter`].
#[inline]
unsafe fn enter_scope(scope: &Node<Scope>) {
    let inner = scope.value.inner;
    // SAFETY: alive by the caller's promise.
    let time = unsafe { &*inner }.current_time();
    coop::on_forced_yield(count_forced_yield);
    // SAFETY: the table points to nothing (I3).
    let services = unsafe { set_services(scope.value.services()) };
    scope.value.before.set(OuterState {
        time: set_current(time),
        services,
    });
    // SAFETY: by the caller's promise.
    SCOPES.with(|scopes| unsafe { scope.enter(scopes) });
}

/// # Safety
/// As for [`Node::leave`]; `restore_services` puts back the table that it is given.
///
/// # Panics
/// If a scope that was entered later has not left, unless a panic is under way.
#[inline]
#[track_caller]
unsafe fn leave_scope(scope: &Node<Scope>, restore_services: impl FnOnce(Services)) {
    let before = scope.value.before.get();
    // SAFETY: by the caller's promise.
    match SCOPES.with(|scopes| unsafe { scope.leave(scopes) }) {
        ExitOrder::InOrder => {
            set_current(before.time);
            restore_services(before.services);
        }
        // SAFETY: nodes in the list are alive.
        ExitOrder::Before(inside) => leave_early(before, inside),
    }
}

/// # Safety
/// `before` is a table that is alive if the current one is that of the scope with this number.
#[inline]
unsafe fn restore_services(number: usize, before: Services) {
    // SAFETY: by the caller's promise; a table of another's is put back at once.
    let current = unsafe { set_services(before) };
    if !current.is_of(ptr::without_provenance(number)) {
        // SAFETY: it was there just now.
        unsafe { set_services(current) };
    }
}

/// A scope has left before `inside`, which was entered in it (I2).
#[cold]
#[track_caller]
fn leave_early(before: OuterState, inside: &Node<Scope>) {
    // Of tables, those of runtimes are known to be alive as long as their scopes are entered.
    let services = inside
        .outer()
        .map_or(Services::ABSENT, |outer| outer.value.services());
    inside.value.before.set(OuterState { services, ..before });
    assert!(
        std::thread::panicking(),
        "`EnterGuard` values dropped out of order. Guards returned by \
         `tokio::runtime::Handle::enter()` must be dropped in the reverse order as they \
         were acquired."
    );
}

/// Runs `f` in the context of `handle`.
#[inline]
pub(crate) fn enter_context<R>(handle: &Handle, f: impl FnOnce() -> R) -> R {
    struct LeaveGuard<'a>(&'a Node<Scope>);
    impl Drop for LeaveGuard<'_> {
        #[inline]
        fn drop(&mut self) {
            let restore = |services| {
                // SAFETY: whoever installed it has not left: it stands further out on this stack.
                unsafe { set_services(services) };
            };
            // SAFETY: entered below, on this thread.
            unsafe { leave_scope(self.0, restore) };
        }
    }
    let scope = Scope::new(Arc::as_ptr(&handle.inner), 0);
    // SAFETY: `handle` is borrowed for longer than the scope, which stays on this stack until it has
    // left (I1).
    unsafe { enter_scope(&scope) };
    let _leave = LeaveGuard(&scope);
    f()
}

/// The context of a runtime on this thread; made by [`Handle::enter`](crate::runtime::Handle::enter).
///
/// Guards are dropped in the reverse order of their making. One that is dropped earlier panics, unless
/// a panic is under way; the contexts of the others stay right. A guard that is never dropped keeps
/// its runtime's handle for good.
///
/// # Examples
/// ```
/// use selkie::runtime::{Builder, EnterGuard};
///
/// let runtime = Builder::new_current_thread().build()?;
/// let guard: EnterGuard<'_> = runtime.enter();
/// let task = selkie::spawn(async { 1 });
/// drop(guard);
/// assert_eq!(runtime.block_on(task).unwrap(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "Creating and dropping a guard does nothing"]
pub struct EnterGuard<'a> {
    _owned: OwnedScope,
    _handle: PhantomData<&'a Handle>,
}

/// A scope that counts its handle, so that a guard that is never dropped leaks the handle instead of
/// leaving a pointer to nothing (I1).
struct OwnedScope {
    /// In a box, since a guard may be moved. A pointer, since the list looks at it too.
    scope: ptr::NonNull<Node<Scope>>,
    handle: *const Inner,
}

// SAFETY: a shared guard gives access to nothing.
unsafe impl Sync for OwnedScope {}

impl fmt::Debug for EnterGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterGuard").finish_non_exhaustive()
    }
}

impl Drop for OwnedScope {
    #[inline]
    fn drop(&mut self) {
        /// Frees the box and gives the count back, also if leaving panics.
        struct Free<'a>(&'a OwnedScope);
        impl Drop for Free<'_> {
            fn drop(&mut self) {
                // SAFETY: made of a box, and out of the list.
                drop(unsafe { Box::from_raw(self.0.scope.as_ptr()) });
                // SAFETY: the count taken in `enter`.
                drop(unsafe { Arc::from_raw(self.0.handle) });
            }
        }
        let free = Free(self);
        // SAFETY: the box is alive.
        let scope = unsafe { free.0.scope.as_ref() };
        // SAFETY: put back only if nobody has put another there since: whoever installed it has not left.
        let restore = |services| unsafe { restore_services(scope.value.number, services) };
        // SAFETY: entered when the guard was made, on this thread: the guard is not `Send`.
        unsafe { leave_scope(scope, restore) };
    }
}

impl Handle {
    /// Enters the runtime's context until the guard drops: `spawn`, timers and sockets then find
    /// the runtime.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{Builder, Handle};
    ///
    /// let runtime = Builder::new_current_thread().build()?;
    /// assert!(Handle::try_current().is_err());
    /// {
    ///     let _guard = runtime.handle().enter();
    ///     assert_eq!(Handle::current().id(), runtime.handle().id());
    /// }
    /// assert!(Handle::try_current().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn enter(&self) -> EnterGuard<'_> {
        let handle = Arc::into_raw(Arc::clone(&self.inner));
        let scope = ptr::NonNull::from(Box::leak(Box::new(Scope::new(handle, next_number()))));
        // SAFETY: just made.
        let entered = unsafe { scope.as_ref() };
        // SAFETY: alive by the count just taken, and in its box, until the guard has left.
        unsafe { enter_scope(entered) };
        EnterGuard {
            _owned: OwnedScope { scope, handle },
            _handle: PhantomData,
        }
    }
}

/// The number of a guard's scope (I3).
fn next_number() -> usize {
    thread_local! {
        static LAST: Cell<usize> = const { Cell::new(0) };
    }
    let number = LAST.get() + 1;
    LAST.set(number);
    number
}

/// What a crate's `selkie_core::spawn` does in a runtime's context: a task of the runtime that runs here.
///
/// # Safety
/// The future is `Send`.
unsafe fn spawn_erased(_number: *const (), erased: ErasedFuture<'_>) -> Result<(), Refusal> {
    let spawned = with_inner(|inner| {
        let inner = inner.ok_or(Refusal::Absent)?;
        // SAFETY: the future is `Send`.
        let future = unsafe { erased.into_box() };
        let task = inner.spawner.spawn(future, next_id(), Location::caller());
        drop(task);
        Ok(())
    });
    spawned.unwrap_or(Err(Refusal::Absent))
}

/// A poll in the runtime that runs here has used up its budget.
fn count_forced_yield() {
    let _counted = with_inner(|inner| {
        if let Some(inner) = inner {
            // Relaxed: a figure for readers.
            inner.forced_yields.fetch_add(1, Ordering::Relaxed);
        }
    });
}
