//! Logarithmic buckets of bounded relative error.
//!
//! Idea        Each power of two is divided into `2^p` buckets of equal width, so that a value is
//!             known to within `2^-p` of itself. What lies below the smallest value of interest is
//!             one bucket, and so is what lies above the largest.
//! Source      The "H2" histogram of iop.systems; HdrHistogram by Gil Tene before it.

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

const DEFAULT_MIN: Duration = Duration::from_nanos(100);
const DEFAULT_MAX: Duration = Duration::from_secs(60);
const DEFAULT_PRECISION: u32 = 2;
/// Powers of two are divided into `2^10` buckets at most.
const FINEST_PRECISION: u32 = 10;

/// Buckets that grow with the value: the error is bounded relative to it.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::LogHistogram;
///
/// let histogram = LogHistogram::builder()
///     .min_value(Duration::from_micros(1))
///     .max_value(Duration::from_secs(1))
///     .build();
/// assert!(histogram.max_value() >= 1_000_000_000);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHistogram {
    precision: u32,
    /// Places of the endless scale that are merged into bucket 0, less one.
    skipped: usize,
    buckets: usize,
}

/// Configures a [`LogHistogram`]: by default from 100 ns to 60 s, with an error of 25 % at most.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use selkie::runtime::LogHistogram;
///
/// let coarse = LogHistogram::builder().max_error(1.0).max_buckets(64);
/// assert!(coarse.is_ok());
/// let fine = LogHistogram::builder().max_error(0.001).max_buckets(64);
/// assert!(fine.is_err(), "64 buckets are too few");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct LogHistogramBuilder {
    min: Option<Duration>,
    max: Option<Duration>,
    precision: Option<u32>,
}

/// Why a histogram could not be made as configured.
///
/// # Examples
/// ```
/// use selkie::runtime::LogHistogram;
///
/// let error = LogHistogram::builder().max_error(0.01).max_buckets(2).unwrap_err();
/// assert!(error.to_string().contains("buckets"));
/// ```
#[derive(Debug)]
pub enum InvalidHistogramConfiguration {
    /// It would take more buckets than allowed.
    TooManyBuckets {
        /// How many it would take.
        required_bucket_count: usize,
    },
}

impl fmt::Display for InvalidHistogramConfiguration {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyBuckets {
                required_bucket_count,
            } => write!(
                f,
                "the histogram needs more buckets than allowed: {required_bucket_count}"
            ),
        }
    }
}

impl Error for InvalidHistogramConfiguration {}

/// The place of `value` on the endless scale of `precision`.
#[inline]
fn place(value: u64, precision: u32) -> usize {
    let octave = value.checked_ilog2().unwrap_or(0);
    let shift = octave.saturating_sub(precision);
    ((shift as usize) << precision) + usize::try_from(value >> shift).unwrap_or(usize::MAX)
}

/// The smallest value at `place`; `None` above the last.
#[inline]
fn value_at(place: usize, precision: u32) -> Option<u64> {
    let shift = u32::try_from(place >> precision).ok()?.saturating_sub(1);
    let mantissa = (place - ((shift as usize) << precision)) as u64;
    let fits = shift < u64::BITS && mantissa.leading_zeros() >= shift;
    fits.then(|| mantissa << shift)
}

impl LogHistogram {
    /// Configures one.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::LogHistogram;
    ///
    /// // By default up to a minute.
    /// let histogram = LogHistogram::builder().build();
    /// assert!(histogram.max_value() >= 60_000_000_000);
    /// ```
    #[inline]
    pub fn builder() -> LogHistogramBuilder {
        LogHistogramBuilder::default()
    }

    /// The value, in nanoseconds, from which on all values are in the last bucket.
    #[inline]
    pub fn max_value(&self) -> u64 {
        self.range(self.buckets - 1).start
    }

    #[inline]
    pub(super) fn buckets(&self) -> usize {
        self.buckets
    }

    #[inline]
    pub(super) fn bucket_of(&self, value: u64) -> usize {
        place(value, self.precision)
            .saturating_sub(self.skipped)
            .min(self.buckets - 1)
    }

    #[inline]
    pub(super) fn range(&self, bucket: usize) -> Range<u64> {
        let edge =
            |bucket: usize| value_at(bucket + self.skipped, self.precision).unwrap_or(u64::MAX);
        let start = if bucket == 0 { 0 } else { edge(bucket) };
        let is_last = bucket + 1 == self.buckets;
        start..if is_last { u64::MAX } else { edge(bucket + 1) }
    }
}

impl Default for LogHistogram {
    #[inline]
    fn default() -> Self {
        LogHistogramBuilder::default().build()
    }
}

impl From<LogHistogramBuilder> for LogHistogram {
    #[inline]
    fn from(builder: LogHistogramBuilder) -> Self {
        builder.build()
    }
}

impl LogHistogramBuilder {
    /// The relative error that a bucket may have at most, above 0 and at most 1; it is rounded
    /// down to a power of two, and to 2⁻¹⁰ at the least.
    ///
    /// # Panics
    /// If `max_error` is not in that range.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::LogHistogram;
    ///
    /// // A smaller error takes more buckets.
    /// assert!(LogHistogram::builder().max_error(0.5).max_buckets(100).is_ok());
    /// assert!(LogHistogram::builder().max_error(0.01).max_buckets(100).is_err());
    /// ```
    #[must_use]
    #[inline]
    pub fn max_error(self, max_error: f64) -> Self {
        assert!(max_error > 0.0, "max_error must be greater than 0");
        assert!(max_error <= 1.0, "max_error must be at most 1");
        let fine_enough = |p: &u32| f64::from(1_u32 << *p).recip() <= max_error;
        let precision = (0..=FINEST_PRECISION).find(fine_enough);
        self.precision_exact(precision.unwrap_or(FINEST_PRECISION))
    }

    /// Divides each power of two into `2^p` buckets; `p` is 10 at most.
    ///
    /// # Panics
    /// If `p` is more than 10.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::LogHistogram;
    ///
    /// // Buckets that double.
    /// assert!(LogHistogram::builder().precision_exact(0).max_buckets(40).is_ok());
    /// assert!(LogHistogram::builder().precision_exact(5).max_buckets(40).is_err());
    /// ```
    #[must_use]
    #[inline]
    pub fn precision_exact(mut self, p: u32) -> Self {
        assert!(
            p <= FINEST_PRECISION,
            "precision {p} of {FINEST_PRECISION} at most"
        );
        self.precision = Some(p);
        self
    }

    /// Values below this are all in the first bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::{Builder, HistogramConfiguration, LogHistogram};
    ///
    /// let buckets = LogHistogram::builder().min_value(Duration::from_micros(1)).build();
    /// let runtime = Builder::new_current_thread()
    ///     .enable_metrics_poll_time_histogram()
    ///     .metrics_poll_time_histogram_configuration(HistogramConfiguration::log(buckets))
    ///     .build()?;
    /// let first = runtime.metrics().poll_time_histogram_bucket_range(0);
    /// assert!(first.contains(&Duration::from_nanos(700)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn min_value(mut self, duration: Duration) -> Self {
        self.min = Some(duration);
        self
    }

    /// Values well above this are all in the last bucket.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use selkie::runtime::LogHistogram;
    ///
    /// let histogram = LogHistogram::builder().max_value(Duration::from_millis(10)).build();
    /// assert!((10_000_000..20_000_000).contains(&histogram.max_value()));
    /// ```
    #[must_use]
    #[inline]
    pub fn max_value(mut self, duration: Duration) -> Self {
        self.max = Some(duration);
        self
    }

    /// The histogram, unless it needs more than `max_buckets` buckets.
    ///
    /// # Errors
    /// How many it would need.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::{InvalidHistogramConfiguration, LogHistogram};
    ///
    /// let mut builder = LogHistogram::builder();
    /// let error = builder.precision_exact(10).max_buckets(10).unwrap_err();
    /// assert!(matches!(error, InvalidHistogramConfiguration::TooManyBuckets { .. }));
    /// ```
    #[inline]
    pub fn max_buckets(
        &mut self,
        max_buckets: usize,
    ) -> Result<LogHistogram, InvalidHistogramConfiguration> {
        let histogram = self.build();
        if histogram.buckets > max_buckets {
            return Err(InvalidHistogramConfiguration::TooManyBuckets {
                required_bucket_count: histogram.buckets,
            });
        }
        Ok(histogram)
    }

    /// The histogram, however many buckets it needs.
    ///
    /// # Examples
    /// ```
    /// use selkie::runtime::LogHistogram;
    ///
    /// let builder = LogHistogram::builder().max_error(0.125);
    /// let (one, two) = (builder.build(), builder.build());
    /// assert_eq!(one.max_value(), two.max_value());
    /// ```
    #[inline]
    pub fn build(&self) -> LogHistogram {
        let precision = self.precision.unwrap_or(DEFAULT_PRECISION);
        let nanos = |value: Duration| u64::try_from(value.as_nanos()).unwrap_or(u64::MAX);
        let min = nanos(self.min.unwrap_or(DEFAULT_MIN));
        let max = nanos(self.max.unwrap_or(DEFAULT_MAX)).max(min);
        let skipped = place(min, precision).saturating_sub(1);
        LogHistogram {
            precision,
            skipped,
            buckets: place(max, precision) - skipped + 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{InvalidHistogramConfiguration, LogHistogram};

    #[test]
    fn buckets_follow_each_other_and_hold_their_values() {
        for p in 0..=10 {
            for (min, max) in [(0, 1), (1, 1), (100, 1 << 30), (7, u64::MAX)] {
                let histogram = LogHistogram::builder()
                    .precision_exact(p)
                    .min_value(Duration::from_nanos(min))
                    .max_value(Duration::from_nanos(max))
                    .build();
                let mut end = 0;
                for bucket in 0..histogram.buckets() {
                    let range = histogram.range(bucket);
                    assert_eq!(range.start, end, "p {p}, {min}..{max}, bucket {bucket}");
                    end = range.end;
                    if range.start < range.end {
                        assert_eq!(histogram.bucket_of(range.start), bucket);
                        assert_eq!(histogram.bucket_of(range.end - 1), bucket);
                    }
                }
                assert_eq!(end, u64::MAX);
            }
        }
    }

    #[test]
    fn the_error_is_bounded() {
        let histogram = LogHistogram::builder().max_error(0.01).build();
        for bucket in 1..histogram.buckets() - 1 {
            let range = histogram.range(bucket);
            assert!((range.end - range.start) as f64 <= range.start as f64 * 0.01);
        }
    }

    #[test]
    fn a_limit_on_buckets_holds_at_it_and_fails_below() {
        let mut builder = LogHistogram::builder();
        let count = builder.build().buckets();
        assert!(builder.max_buckets(count).is_ok());
        let Err(InvalidHistogramConfiguration::TooManyBuckets {
            required_bucket_count,
        }) = builder.max_buckets(count - 1)
        else {
            panic!("one bucket too few was enough");
        };
        assert_eq!(required_bucket_count, count);
    }
}
