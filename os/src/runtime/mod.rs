//! The runtime: builds schedulers, drivers and timers into one, and runs futures on it.

mod assemble;

mod shutdown;

mod runtime;

mod local;

mod builder;

mod block_on;

mod report;

pub use crate::context::{EnterGuard, Handle, Id, TryCurrentError};
pub use builder::Builder;
pub use local::{LocalOptions, LocalRuntime};
pub use report::{RuntimeMetrics, worker_index};
pub use runtime::{Runtime, RuntimeFlavor};
pub use shutdown::is_rt_shutdown_err;
