//! Counts of durations, by their length.
//!
//! Invariants  I1 a histogram is one worker's: one thread at a time adds.

use std::ops::Range;
use std::time::Duration;

use selkie_core::raw::collections::boxed_slice;

use super::counters::Counter;
use super::log_histogram::LogHistogram;

/// How a histogram divides durations into buckets.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::{HistogramConfiguration, LogHistogram};
///
/// // Ten buckets of a millisecond; or a few that double, for all there may be.
/// let linear = HistogramConfiguration::linear(Duration::from_millis(1), 10);
/// let doubling = HistogramConfiguration::log(LogHistogram::builder().max_error(1.0).build());
/// assert_ne!(format!("{linear:?}"), format!("{doubling:?}"));
/// ```
#[derive(Debug, Clone)]
pub struct HistogramConfiguration(Shape);

/// How the buckets of a histogram grow; for the builder's older methods.
///
/// # Examples
/// ```
/// use selkie::runtime::{Builder, HistogramScale};
///
/// # #[expect(deprecated)]
/// let runtime = Builder::new_current_thread()
///     .enable_metrics_poll_time_histogram()
///     // Each bucket is as wide as all before it.
///     .metrics_poll_count_histogram_scale(HistogramScale::Log)
///     .build()?;
/// let metrics = runtime.metrics();
/// let widths = [1, 2].map(|bucket| {
///     let range = metrics.poll_time_histogram_bucket_range(bucket);
///     range.end - range.start
/// });
/// assert_eq!(widths[1], 2 * widths[0]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistogramScale {
    /// All are of one width.
    Linear,
    /// Each is as wide as all before it.
    Log,
}

#[derive(Debug, Clone)]
enum Shape {
    /// Buckets of one width, in nanoseconds.
    Linear {
        width: u64,
        buckets: usize,
    },
    /// Buckets that double, from a first of `width` nanoseconds, a power of two.
    Doubling {
        width: u64,
        buckets: usize,
    },
    Log(LogHistogram),
}

impl HistogramConfiguration {
    /// `num_buckets` buckets of `bucket_width`; the last holds everything above, too.
    ///
    /// # Panics
    /// If either is zero, or the width is more than `u64::MAX` nanoseconds.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::{Builder, HistogramConfiguration};
    ///
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_time_histogram_configuration(HistogramConfiguration::linear(Duration::from_millis(1), 3))
    ///     .build()?;
    /// let second = runtime.metrics().poll_time_histogram_bucket_range(1);
    /// assert_eq!(second, Duration::from_millis(1)..Duration::from_millis(2));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn linear(bucket_width: Duration, num_buckets: usize) -> Self {
        assert!(num_buckets > 0, "must have at least one bucket");
        let width = u64::try_from(bucket_width.as_nanos()).unwrap_or(0);
        assert!(width > 0, "the width of buckets must be 1..=u64::MAX ns");
        Self(Shape::Linear {
            width,
            buckets: num_buckets,
        })
    }

    /// Buckets that grow with the value; see [`LogHistogram`].
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::{Builder, HistogramConfiguration, LogHistogram};
    ///
    /// let buckets = LogHistogram::builder().max_value(Duration::from_secs(1)).build();
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_time_histogram_configuration(HistogramConfiguration::log(buckets))
    ///     .build()?;
    /// let metrics = runtime.metrics();
    /// let last = metrics.poll_time_histogram_num_buckets() - 1;
    /// assert!(metrics.poll_time_histogram_bucket_range(last).end > Duration::from_secs(3600));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[inline]
    pub fn log(configuration: impl Into<LogHistogram>) -> Self {
        Self(Shape::Log(configuration.into()))
    }

    /// What the builder's older methods say.
    #[inline]
    pub(crate) fn legacy(scale: HistogramScale, resolution: u64, buckets: usize) -> Self {
        Self(match scale {
            HistogramScale::Linear => Shape::Linear {
                width: resolution,
                buckets,
            },
            HistogramScale::Log => Shape::Doubling {
                width: resolution.checked_next_power_of_two().unwrap_or(1 << 63),
                buckets,
            },
        })
    }

    #[inline]
    fn buckets(&self) -> usize {
        match &self.0 {
            Shape::Linear { buckets, .. } | Shape::Doubling { buckets, .. } => *buckets,
            Shape::Log(log) => log.buckets(),
        }
    }

    #[inline]
    fn bucket_of(&self, value: u64) -> usize {
        let bucket = match &self.0 {
            Shape::Linear { width, .. } => usize::try_from(value / width).unwrap_or(usize::MAX),
            Shape::Doubling { width, .. } => (value / width)
                .checked_ilog2()
                .map_or(0, |double| double as usize + 1),
            Shape::Log(log) => log.bucket_of(value),
        };
        bucket.min(self.buckets() - 1)
    }

    #[inline]
    fn range(&self, bucket: usize) -> Range<u64> {
        let edge = |bucket: usize| match &self.0 {
            Shape::Linear { width, .. } => width.saturating_mul(bucket as u64),
            Shape::Doubling { .. } if bucket == 0 => 0,
            Shape::Doubling { width, .. } => u32::try_from(bucket - 1)
                .ok()
                .and_then(|shift| 1_u64.checked_shl(shift))
                .map_or(u64::MAX, |times| width.saturating_mul(times)),
            Shape::Log(log) => log.range(bucket).start,
        };
        let is_last = bucket + 1 == self.buckets();
        edge(bucket)..if is_last { u64::MAX } else { edge(bucket + 1) }
    }
}

/// The counts of one worker (I1).
#[derive(Debug)]
pub(crate) struct Histogram {
    shape: HistogramConfiguration,
    counts: Box<[Counter]>,
}

impl Histogram {
    #[inline]
    pub(crate) fn new(shape: &HistogramConfiguration) -> Self {
        Self {
            shape: shape.clone(),
            counts: boxed_slice(shape.buckets(), |_| Counter::default()),
        }
    }

    /// Counts one duration (I1).
    #[inline]
    pub(crate) fn record(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[self.shape.bucket_of(nanos)].increment();
    }

    #[inline]
    pub(crate) fn buckets(&self) -> usize {
        self.counts.len()
    }

    /// How many durations are in `bucket`; zero for one that there is not.
    #[inline]
    pub(crate) fn count(&self, bucket: usize) -> u64 {
        self.counts.get(bucket).map_or(0, Counter::get)
    }

    /// Which durations `bucket` holds.
    #[inline]
    pub(crate) fn range(&self, bucket: usize) -> Range<Duration> {
        let range = self.shape.range(bucket);
        Duration::from_nanos(range.start)..Duration::from_nanos(range.end)
    }
}

/// Which figure of a worker is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Figure {
    PollTime,
    Latency,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Histogram, HistogramConfiguration, HistogramScale};

    #[test]
    fn every_duration_is_counted_in_its_bucket() {
        let shapes = [
            HistogramConfiguration::linear(Duration::from_nanos(7), 5),
            HistogramConfiguration::linear(Duration::from_nanos(u64::MAX), 2),
            HistogramConfiguration::legacy(HistogramScale::Log, 50, 6),
            HistogramConfiguration::legacy(HistogramScale::Log, u64::MAX, 80),
        ];
        for shape in shapes {
            for nanos in (0..500).chain([u64::MAX - 1]) {
                let histogram = Histogram::new(&shape);
                let duration = Duration::from_nanos(nanos);
                histogram.record(duration);
                let bucket = (0..histogram.buckets()).find(|b| histogram.count(*b) == 1);
                let range = histogram.range(bucket.unwrap());
                assert!(range.contains(&duration), "{nanos} ns in {range:?}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "at least one bucket")]
    fn a_histogram_without_buckets_is_refused() {
        let _ = HistogramConfiguration::linear(Duration::from_nanos(1), 0);
    }
}
