//! Functions that are called for each runtime that the process builds.
//!
//! Idea        A fixed number of places, filled one after the other and never emptied. Whoever builds a runtime looks at their number.
//! Invariants  I1 the first `REGISTERED` places are filled.
//!             I2 a hook that panics keeps no runtime from being built, and a runtime that a hook builds calls none, so that
//!                hooks do not call each other for ever.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use selkie_core::raw::platform::contain_panic;

use crate::context::Handle;

/// How many functions may be registered.
const MOST_HOOKS: usize = 16;

static HOOKS: [OnceLock<fn(&Handle)>; MOST_HOOKS] = [const { OnceLock::new() }; MOST_HOOKS];

/// How many there are.
static REGISTERED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Whether this thread runs a hook (I2).
    static IS_IN_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// What [`on_build`] answers when all 16 places are taken; it has the function that found none.
///
/// # Examples
/// ```
/// use selkie::runtime::{BuildHooksFull, on_build};
///
/// fn hook(_: &selkie::runtime::Handle) {}
///
/// if let Err(BuildHooksFull(hook)) = on_build(hook) {
///     // Sixteen others were first; the function comes back.
///     let _mine: fn(&selkie::runtime::Handle) = hook;
/// }
/// assert!(BuildHooksFull(hook).to_string().contains("16"));
/// ```
#[derive(Clone, Copy)]
pub struct BuildHooksFull(pub fn(&Handle));

impl fmt::Debug for BuildHooksFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildHooksFull").finish_non_exhaustive()
    }
}

impl fmt::Display for BuildHooksFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "build hooks full: {MOST_HOOKS} of {MOST_HOOKS} are registered"
        )
    }
}

impl std::error::Error for BuildHooksFull {}

/// Has `hook` called with the handle of each runtime that this process builds from now on, of any kind. Beyond Tokio.
///
/// It is for tools that look at a program which does not know them: the function may call
/// [`Handle::track_tasks`] and [`Handle::metrics`], spawn tasks, and start threads that keep the handle. It is called
/// on the thread that builds the runtime, before `build` returns and outside the runtime's context; several functions are called
/// in the order in which they were registered. There is no way to take one back.
///
/// A panic in it is contained, and the runtime is built all the same. A runtime that a hook builds itself calls no hook.
/// A kept handle does not keep the runtime running.
///
/// # Errors
/// If 16 functions are registered already.
///
/// # Cost
/// For each runtime that is built, a load.
///
/// # Examples
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
///
/// static BUILT: AtomicUsize = AtomicUsize::new(0);
///
/// selkie::runtime::on_build(|handle| {
///     handle.track_tasks();
///     BUILT.fetch_add(1, Ordering::Relaxed);
/// })?;
/// let runtime = selkie::runtime::Builder::new_current_thread().build()?;
/// assert!(runtime.handle().is_tracking_tasks());
/// assert_eq!(BUILT.load(Ordering::Relaxed), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn on_build(hook: fn(&Handle)) -> Result<(), BuildHooksFull> {
    static REGISTERS: Mutex<()> = Mutex::new(());
    let _one_at_a_time = REGISTERS.lock().unwrap_or_else(PoisonError::into_inner);
    // Relaxed: changed under the lock alone.
    let registered = REGISTERED.load(Ordering::Relaxed);
    let place = HOOKS.get(registered).ok_or(BuildHooksFull(hook))?;
    place.get_or_init(|| hook);
    // Release: pairs with the Acquire in `call_build_hooks` (I1).
    REGISTERED.store(registered + 1, Ordering::Release);
    Ok(())
}

/// The runtimes that `build` builds call no hook.
pub(super) fn without_build_hooks<R>(build: impl FnOnce() -> R) -> R {
    let before = IS_IN_HOOK.replace(true);
    let built = build();
    IS_IN_HOOK.set(before);
    built
}

/// Calls the hooks with the handle of a runtime that was just built.
#[inline]
pub(super) fn call_build_hooks(handle: &Handle) {
    // Acquire: pairs with the Release in `on_build` (I1).
    let registered = REGISTERED.load(Ordering::Acquire);
    if registered > 0 {
        call_hooks(&HOOKS[..registered], handle);
    }
}

#[cold]
fn call_hooks(hooks: &[OnceLock<fn(&Handle)>], handle: &Handle) {
    if IS_IN_HOOK.replace(true) {
        return; // I2
    }
    for hook in hooks.iter().filter_map(OnceLock::get) {
        contain_panic(|| hook(handle)); // I2
    }
    IS_IN_HOOK.set(false);
}
