//! The probes that were requested of a builder: hooks, histograms.

use crate::observability::{HistogramConfiguration, HistogramScale, ProbesConfig};

/// What a builder was asked to observe.
#[derive(Clone)]
pub(super) struct RequestedProbes {
    pub(super) hooks: ProbesConfig,
    pub(super) poll_times: bool,
    pub(super) latencies: bool,
    pub(super) poll_times_shape: Option<HistogramConfiguration>,
    pub(super) latencies_shape: Option<HistogramConfiguration>,
    pub(super) scale: HistogramScale,
    pub(super) resolution_nanos: u64,
    pub(super) buckets: usize,
}

impl Default for RequestedProbes {
    fn default() -> Self {
        Self {
            hooks: ProbesConfig::default(),
            poll_times: false,
            latencies: false,
            poll_times_shape: None,
            latencies_shape: None,
            scale: HistogramScale::Linear,
            resolution_nanos: 100_000,
            buckets: 10,
        }
    }
}

impl RequestedProbes {
    /// The configuration of the table of probes.
    pub(super) fn config(&self) -> ProbesConfig {
        let legacy =
            || HistogramConfiguration::legacy(self.scale, self.resolution_nanos, self.buckets);
        let shape = |on: bool, shape: &Option<HistogramConfiguration>| {
            on.then(|| shape.clone().unwrap_or_else(legacy))
        };
        ProbesConfig {
            poll_times: shape(self.poll_times, &self.poll_times_shape),
            latencies: shape(self.latencies, &self.latencies_shape),
            ..self.hooks.clone()
        }
    }
}
