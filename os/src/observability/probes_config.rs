//! What a runtime's table of probes is made with.

use std::sync::Arc;

use super::histogram::HistogramConfiguration;
use super::meta::TaskMeta;

/// A hook that is called for tasks.
pub(crate) type TaskHook = Arc<dyn Fn(&TaskMeta<'_>) + Send + Sync>;

/// What is done when the watchdog has found a long poll.
pub(crate) type StallHook = Arc<dyn Fn() + Send + Sync>;

/// What a table is made with.
#[derive(Clone, Default)]
pub(crate) struct ProbesConfig {
    pub(crate) on_spawn: Option<TaskHook>,
    pub(crate) on_terminate: Option<TaskHook>,
    pub(crate) before_poll: Option<TaskHook>,
    pub(crate) after_poll: Option<TaskHook>,
    pub(crate) poll_times: Option<HistogramConfiguration>,
    pub(crate) latencies: Option<HistogramConfiguration>,
    pub(crate) track_latency: bool,
    pub(crate) track_tasks: bool,
}

impl ProbesConfig {
    /// Whether anything was asked for.
    #[inline]
    pub(super) fn is_any(&self) -> bool {
        self.has_others() || self.track_tasks
    }

    /// Whether anything was asked for that is not kept in ticks.
    #[inline]
    pub(super) fn has_others(&self) -> bool {
        self.on_spawn.is_some()
            || self.on_terminate.is_some()
            || self.before_poll.is_some()
            || self.after_poll.is_some()
            || self.poll_times.is_some()
            || self.latencies.is_some()
            || self.track_latency
    }
}
