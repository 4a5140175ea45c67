//! Since when a worker has made no progress, as others have seen it.
//!
//! Idea        Whoever looks at a worker notes with it how much it had counted, and when that was new. So it does not matter
//!             who looks, and a look costs the same for any number of workers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use selkie_core::raw::platform::AtomicU64;

/// For how long a worker has made no progress when another takes its tasks, and the shortest time between two such takes.
pub(super) const PATIENCE: Duration = Duration::from_micros(60);

/// How long ago whoever looks may have read the clock: it had no processor meanwhile, or fired its own timers. Microseconds
/// wrap around, so that of two times one is known to be earlier only if they are near.
const MOST_LATE: Duration = Duration::from_secs(1);

/// Since when a worker has counted as much as now: the low half of the count, and above it microseconds since the scheduler
/// was made. Whoever looks at the worker writes it.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU64);

impl Progress {
    /// Whether the worker, which has counted `count` at `micros`, has made no progress for [`PATIENCE`]; if so, it is asked as long
    /// again before the answer is `true` once more.
    pub(super) fn is_stuck(&self, count: u64, micros: u32) -> bool {
        let seen = u64::from(micros) << 32 | count & u64::from(u32::MAX);
        // Relaxed: a hint, which orders nothing; of two that look at once one notes.
        let before = self.0.load(Ordering::Relaxed);
        let is_same = before as u32 == seen as u32;
        let since = micros.wrapping_sub((before >> 32) as u32);
        // A time that is not reached yet was noted by another that read the clock later.
        let is_late = since > u32::MAX - MOST_LATE.as_micros() as u32;
        if is_same && (is_late || u128::from(since) < PATIENCE.as_micros()) {
            return false;
        }
        let noted = self
            .0
            .compare_exchange(before, seen, Ordering::Relaxed, Ordering::Relaxed);
        is_same && noted.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{PATIENCE, Progress};

    #[test]
    fn a_worker_is_stuck_once_it_has_made_no_progress_for_long_enough() {
        let patience = PATIENCE.as_micros() as u32;
        let (progress, begin) = (Progress::default(), u32::MAX - 10);
        assert!(!progress.is_stuck(7, begin), "the first look notes");
        assert!(!progress.is_stuck(7, begin.wrapping_add(patience - 1)));
        assert!(progress.is_stuck(7, begin.wrapping_add(patience)));
        assert!(!progress.is_stuck(7, begin.wrapping_add(2 * patience - 1)));
        assert!(progress.is_stuck(7, begin.wrapping_add(2 * patience)));
        let later = begin.wrapping_add(5 * patience);
        assert!(!progress.is_stuck(8, later), "it has ended a poll");
        assert!(!progress.is_stuck(8, later.wrapping_add(patience - 1)));
    }

    #[test]
    fn who_read_the_clock_before_another_looked_finds_nobody_stuck() {
        let progress = Progress::default();
        assert!(!progress.is_stuck(7, 1000));
        assert!(!progress.is_stuck(7, 990));
        assert!(!progress.is_stuck(7, 1059), "the later time counts");
        assert!(progress.is_stuck(7, 1060));
    }
}
