//! The histograms of a runtime: how long polls take, and how long tasks are queued before them.
//!
//! Idea        A runtime counts durations in buckets, by default some 120 of them, for each worker. Prometheus keeps a series
//!             for each bucket, so all workers are added up, and neighbouring buckets are joined until there are
//!             [`MOST_BUCKETS`] at most. Which are joined depends on the configuration alone: the edges never change.

use std::time::Duration;

use selkie::runtime::RuntimeMetrics;

/// Buckets at most.
const MOST_BUCKETS: usize = 40;

/// Which histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    PollTime,
    Latency,
}

/// The counts of all workers of a runtime.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Histogram {
    /// The bounds of the buckets, in seconds, without the last one's, which has none; with each the durations at or below.
    pub(crate) cumulative: Vec<(f64, u64)>,
    pub(crate) count: u64,
    /// The sum of all durations in seconds, as if each were in the middle of its bucket.
    pub(crate) sum_estimate: f64,
}

impl Kind {
    /// Prometheus's name, OpenTelemetry's name, and what it is.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::PollTime => (
                "selkie_poll_duration_seconds",
                "Length of polls, in seconds; the sum is estimated from the buckets.",
            ),
            Self::Latency => (
                "selkie_schedule_latency_seconds",
                "Time from a wake to its poll, in seconds; the sum is estimated from the buckets.",
            ),
        }
    }

    fn buckets(self, metrics: &RuntimeMetrics) -> usize {
        match self {
            Self::PollTime => metrics.poll_time_histogram_num_buckets(),
            Self::Latency => metrics.schedule_latency_histogram_num_buckets(),
        }
    }

    fn range(self, metrics: &RuntimeMetrics, bucket: usize) -> std::ops::Range<Duration> {
        match self {
            Self::PollTime => metrics.poll_time_histogram_bucket_range(bucket),
            Self::Latency => metrics.schedule_latency_histogram_bucket_range(bucket),
        }
    }

    fn count(self, metrics: &RuntimeMetrics, worker: usize, bucket: usize) -> u64 {
        match self {
            Self::PollTime => metrics.poll_time_histogram_bucket_count(worker, bucket),
            Self::Latency => metrics.schedule_latency_histogram_bucket_count(worker, bucket),
        }
    }

    /// The histogram; `None` if the runtime's builder did not ask for it.
    pub(crate) fn read(self, metrics: &RuntimeMetrics) -> Option<Histogram> {
        let buckets = self.buckets(metrics);
        if buckets == 0 {
            return None;
        }
        let counted = (0..buckets).map(|bucket| {
            let workers = 0..metrics.num_workers();
            let count = workers.map(|worker| self.count(metrics, worker, bucket));
            (self.range(metrics, bucket), count.sum())
        });
        Some(join(&counted.collect::<Vec<_>>()))
    }
}

fn join(buckets: &[(std::ops::Range<Duration>, u64)]) -> Histogram {
    let step = buckets.len().div_ceil(MOST_BUCKETS);
    let mut histogram = Histogram {
        cumulative: Vec::new(),
        count: 0,
        sum_estimate: 0.0,
    };
    for (at, (range, count)) in buckets.iter().enumerate() {
        let (start, end) = (range.start.as_secs_f64(), range.end.as_secs_f64());
        let is_last = at + 1 == buckets.len();
        // The last bucket has no end.
        let middle = if is_last { start } else { (start + end) / 2.0 };
        histogram.count += count;
        histogram.sum_estimate += middle * *count as f64;
        if !is_last && (at + 1) % step == 0 {
            histogram.cumulative.push((end, histogram.count));
        }
    }
    histogram
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MOST_BUCKETS, join};

    #[test]
    fn buckets_are_joined_and_nothing_is_lost() {
        for buckets in [1, 2, 39, 40, 41, 118, 119, 120, 121] {
            let second = |n: usize| Duration::from_secs(n as u64);
            let all: Vec<_> = (0..buckets)
                .map(|n| (second(n)..second(n + 1), n as u64))
                .collect();
            let joined = join(&all);
            assert!(joined.cumulative.len() <= MOST_BUCKETS, "{buckets}");
            assert_eq!(joined.count, (buckets * (buckets - 1) / 2) as u64);
            for (bound, count) in joined.cumulative {
                let below = bound as u64;
                assert_eq!(count, below * (below - 1) / 2, "{buckets} buckets, {bound}");
            }
        }
    }
}
