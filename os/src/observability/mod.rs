//! What the runtime counts and reports about itself.

mod observed_thread;

mod last_thread;

mod counters;

mod log_histogram;

mod histogram;

mod names;

mod meta;

mod latency;

mod dumps;

mod stalled_poll;

mod root_poll;

mod watchdog;

mod thread_role;

mod running_polls;

mod statistics;

mod recorder;

mod timed_probes;

mod observed_set;

mod recorded_probes;

mod probes_config;

mod probes;

mod probes_figures;

mod probes_slot;

#[cfg(feature = "taskdump")]
pub(crate) mod dump;

pub(crate) use counters::{Counter, WorkerCounters};
#[cfg(feature = "taskdump")]
pub(crate) use dump::StuckPoll;
pub(crate) use dumps::{DumpClosure, Dumps, Request};
pub(crate) use histogram::Figure;
pub use histogram::{HistogramConfiguration, HistogramScale};
pub use log_histogram::{InvalidHistogramConfiguration, LogHistogram, LogHistogramBuilder};
pub use meta::TaskMeta;
pub(crate) use names::named;
pub(crate) use probes::Probes;
pub(crate) use probes_config::ProbesConfig;
pub(crate) use probes_slot::ProbesSlot;
pub use recorder::RecordingSnapshot;
pub(crate) use root_poll::{RootGuard, watched};
pub use stalled_poll::StalledPoll;
pub use statistics::{SpawnPlaceStatistics, TaskState, TaskStatistics};
#[allow(unused_imports, reason = "rings are Linux's")]
pub(crate) use thread_role::count_completions;
pub(crate) use thread_role::{WakeBatch, WakeCause, count_events};
pub(crate) use watchdog::{Watchdog, WatchdogConfig, WatchedRuntime, WorkerState};
