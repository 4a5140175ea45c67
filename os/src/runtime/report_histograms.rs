//! Histograms of a running runtime, among its metrics.

use std::ops::Range;
use std::time::Duration;

use super::report::RuntimeMetrics;
use crate::observability::Figure;

impl RuntimeMetrics {
    /// Whether there is a histogram of how long polls take.
    #[inline]
    pub fn poll_time_histogram_enabled(&self) -> bool {
        self.buckets(Figure::PollTime).is_some()
    }

    /// How many buckets the histogram of polls has; zero if there is none.
    #[inline]
    pub fn poll_time_histogram_num_buckets(&self) -> usize {
        self.buckets(Figure::PollTime).unwrap_or_default()
    }

    /// Which polls are in bucket `bucket`; an empty range if there is no histogram.
    ///
    /// # Panics
    /// If there is a histogram, and `bucket` is none of its buckets.
    #[track_caller]
    #[inline]
    pub fn poll_time_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        self.bucket_range(Figure::PollTime, bucket)
    }

    /// How many polls of worker `worker` were in bucket `bucket`; zero if there is no histogram.
    ///
    /// # Panics
    /// If there is a histogram, and no such worker.
    #[track_caller]
    #[inline]
    pub fn poll_time_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.bucket_count(Figure::PollTime, worker, bucket)
    }

    /// Whether there is a histogram of how long tasks are queued.
    #[inline]
    pub fn schedule_latency_histogram_enabled(&self) -> bool {
        self.buckets(Figure::Latency).is_some()
    }

    /// How many buckets the histogram of queued times has; zero if there is none.
    #[inline]
    pub fn schedule_latency_histogram_num_buckets(&self) -> usize {
        self.buckets(Figure::Latency).unwrap_or_default()
    }

    /// Which queued times are in bucket `bucket`; an empty range if there is no histogram.
    ///
    /// # Panics
    /// If there is a histogram, and `bucket` is none of its buckets.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_schedule_latency_histogram()
    ///     .build()?;
    /// let first = runtime.metrics().schedule_latency_histogram_bucket_range(0);
    /// assert_eq!(first, Duration::ZERO..Duration::from_micros(100));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn schedule_latency_histogram_bucket_range(&self, bucket: usize) -> Range<Duration> {
        self.bucket_range(Figure::Latency, bucket)
    }

    /// How many queued times of worker `worker` were in bucket `bucket`; zero if there is no
    /// histogram.
    ///
    /// # Panics
    /// If there is a histogram, and no such worker.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::Builder;
    ///
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_schedule_latency_histogram()
    ///     .build()?;
    /// let metrics = runtime.metrics();
    /// let count = |bucket| metrics.schedule_latency_histogram_bucket_count(0, bucket);
    /// let all = || (0..metrics.schedule_latency_histogram_num_buckets()).map(count).sum::<u64>();
    /// assert_eq!(all(), 0);
    /// runtime.block_on(runtime.spawn(async {})).unwrap();
    /// assert_eq!(all(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn schedule_latency_histogram_bucket_count(&self, worker: usize, bucket: usize) -> u64 {
        self.bucket_count(Figure::Latency, worker, bucket)
    }

    #[inline]
    fn buckets(&self, figure: Figure) -> Option<usize> {
        self.handle.inner.spawner.probes()?.buckets(figure)
    }

    #[track_caller]
    #[inline]
    fn bucket_range(&self, figure: Figure, bucket: usize) -> Range<Duration> {
        let Some(buckets) = self.buckets(figure) else {
            return Duration::ZERO..Duration::ZERO;
        };
        assert!(bucket < buckets, "bucket {bucket} of {buckets} buckets");
        let probes = self.handle.inner.spawner.probes();
        let range = probes.and_then(|probes| probes.bucket_range(figure, bucket));
        range.unwrap_or_default()
    }

    #[track_caller]
    #[inline]
    fn bucket_count(&self, figure: Figure, worker: usize, bucket: usize) -> u64 {
        let probes = self.handle.inner.spawner.probes();
        let count = probes.and_then(|probes| probes.bucket_count(figure, worker, bucket));
        count.unwrap_or_default()
    }
}
