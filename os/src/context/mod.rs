//! Which runtime the running thread belongs to.

mod handle;

mod current;

#[cfg(feature = "reactor")]
pub(crate) use current::driver;
#[cfg(all(unix, feature = "net", feature = "io-std"))]
pub(crate) use current::try_driver;
pub use current::{EnterGuard, TryCurrentError};
pub(crate) use current::{
    EnterRuntime, enter_context, enter_runtime, is_inside_runtime, leave_runtime,
    may_wait_for_shutdown, with_current, without_handoff,
};
pub use handle::{Handle, Id};
pub(crate) use handle::{Inner, Seeds, TimersOf};
