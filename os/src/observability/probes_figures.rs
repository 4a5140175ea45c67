//! What a runtime's table of probes says to whoever asks.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::histogram::{Figure, Histogram};
use super::probes::Probes;
use super::statistics::{SpawnPlaceStatistics, TaskStatistics};

impl fmt::Debug for Probes {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Probes").finish_non_exhaustive()
    }
}

impl Probes {
    /// The statistics of each living task; `None` if they are not kept.
    #[inline]
    pub(crate) fn tasks(&self) -> Option<Vec<TaskStatistics>> {
        Some(self.tasks.get()?.tasks(self.polls.get()?))
    }

    /// The statistics of each spawn place; `None` if they are not kept.
    #[inline]
    pub(crate) fn spawn_places(&self) -> Option<Vec<SpawnPlaceStatistics>> {
        Some(self.tasks.get()?.spawn_places(self.polls.get()?))
    }

    #[inline]
    fn histograms(&self, figure: Figure) -> Option<&[Histogram]> {
        match figure {
            Figure::PollTime => self.poll_times.as_deref(),
            Figure::Latency => self.latencies.as_deref(),
        }
    }

    /// How many buckets the histogram has; `None` if there is none.
    #[inline]
    pub(crate) fn buckets(&self, figure: Figure) -> Option<usize> {
        Some(self.histograms(figure)?.first()?.buckets())
    }

    /// Which durations are in `bucket`.
    #[inline]
    pub(crate) fn bucket_range(&self, figure: Figure, bucket: usize) -> Option<Range<Duration>> {
        Some(self.histograms(figure)?.first()?.range(bucket))
    }

    /// How many durations of worker `worker` are in `bucket`.
    #[inline]
    pub(crate) fn bucket_count(&self, figure: Figure, worker: usize, bucket: usize) -> Option<u64> {
        Some(self.histograms(figure)?[worker].count(bucket))
    }
}
