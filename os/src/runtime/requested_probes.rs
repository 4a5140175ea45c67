//! The probes that were requested of a builder: hooks, histograms.

use std::io;
use std::sync::Arc;

use crate::observability::{
    HistogramConfiguration, HistogramScale, Observer, Probes, ProbesConfig,
};

/// Makes a table for so many workers.
type MakeTable = fn(&RequestedProbes, usize) -> io::Result<Option<Arc<dyn Observer>>>;

/// What a builder was asked to observe.
#[derive(Clone)]
pub(super) struct RequestedProbes {
    /// What makes the table, from when something is asked for.
    make: Option<MakeTable>,
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
    #[inline]
    fn default() -> Self {
        Self {
            make: None,
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
    /// Something is asked for, which the caller notes. A program that does not come here contains no table.
    #[inline]
    pub(super) fn ask(&mut self) -> &mut Self {
        self.make = Some(
            |requested, workers| match Probes::new(&requested.config(), workers)? {
                Some(probes) => Ok(Some(probes)),
                None => Ok(None),
            },
        );
        self
    }

    /// The table for `workers` workers, if anything was asked for.
    #[inline]
    pub(super) fn make_table(&self, workers: usize) -> io::Result<Option<Arc<dyn Observer>>> {
        self.make.map_or(Ok(None), |make| make(self, workers))
    }

    /// The configuration of the table of probes.
    #[inline]
    fn config(&self) -> ProbesConfig {
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
