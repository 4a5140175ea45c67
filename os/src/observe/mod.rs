//! What the runtime counts and tells about itself.

mod last_thread;

mod counters;

mod log_histogram;

mod histogram;

mod meta;

mod latency;

mod watchdog;

mod probes;

#[cfg(feature = "taskdump")]
pub(crate) mod dump;
#[cfg(not(feature = "taskdump"))]
mod no_dump;

pub(crate) use counters::{Counter, WorkerCounters};
#[cfg(feature = "taskdump")]
pub(crate) use dump::{Dumps, Request};
pub use histogram::{HistogramConfiguration, HistogramScale};
pub use log_histogram::{InvalidHistogramConfiguration, LogHistogram, LogHistogramBuilder};
pub use meta::TaskMeta;
#[cfg(not(feature = "taskdump"))]
pub(crate) use no_dump::Dumps;
pub(crate) use probes::{Figure, Probes, ProbesConfig};
pub use watchdog::StalledPoll;
pub(crate) use watchdog::WatchdogConfig;
