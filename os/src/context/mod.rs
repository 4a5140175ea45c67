//! Which runtime the current thread belongs to.

mod entered;

mod handle;

mod scope;

mod current;

pub use current::TryCurrentError;
#[cfg(feature = "reactor")]
pub(crate) use current::driver;
#[cfg(all(unix, feature = "net", feature = "io-std"))]
pub(crate) use current::try_driver;
pub(crate) use current::{
    EnterRuntime, MayWait, assert_may_enter_runtime, enter_runtime, is_inside_runtime,
    leave_runtime, may_wait_for_shutdown, with_current, without_handoff,
};
pub(crate) use entered::{InnermostEntry, Node};
pub use handle::{Handle, Id};
pub(crate) use handle::{Inner, Resource, RuntimeTimers, Seeds};
pub use scope::EnterGuard;
pub(crate) use scope::enter_context;
