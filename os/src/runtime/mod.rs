//! The runtime: it puts schedulers, drivers and timers together, and runs futures on them.

mod shutdown_report;

mod shutdown;

mod build;

mod runtime;

mod local;

mod seed;

mod unhandled_panic;

mod requested_probes;

mod resources;

mod start_watchdog;

mod builder;

mod builder_resources;

mod builder_probes;

mod block_on;

mod report;

#[cfg(feature = "taskdump")]
pub mod dump;

mod report_histograms;

mod report_format;

pub use crate::blocking::{BlockedClosure, BlockingKind};
pub use crate::context::{EnterGuard, Handle, Id, TryCurrentError};
pub use crate::observability::{
    HistogramConfiguration, HistogramScale, InvalidHistogramConfiguration, LogHistogram,
    LogHistogramBuilder, StalledPoll, TaskMeta,
};
pub use builder::Builder;
#[cfg(feature = "taskdump")]
pub use dump::Dump;
pub use local::{LocalOptions, LocalRuntime};
pub use report::{RuntimeMetrics, worker_index};
pub use runtime::{Runtime, RuntimeFlavor};
pub use seed::RngSeed;
pub use shutdown::is_rt_shutdown_err;
pub use shutdown_report::{ShutdownReport, StuckWorker};
pub use unhandled_panic::UnhandledPanic;
