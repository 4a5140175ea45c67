//! When a busy scheduler interrupts its tasks to look at the driver, the timers and the other workers.
//!
//! Idea        What waits outside should wait for a time, not for a number of polls, which may be short or long. So
//!             the clock is read every few polls, and more often the longer the last polls were: at intervals of
//!             about [`CLOCK_NANOS`]. Timers are checked at each reading, since that costs nothing once the time is
//!             known. Maintenance is due [`MAINTENANCE_NANOS`] after the last one, or after the event interval (in
//!             polls) that the builder was given.
//! Invariants  I1 there are at most [`MOST_UNCLOCKED`] polls between two readings of the clock.
//!             I2 there are at most as many polls between two maintenances as the event interval says, and one more if
//!                maintenance was postponed.
//! Rejected    To read the clock for each poll: a fifth of the time of a short one. A count that is tuned by the
//!             mean of many polls: after short polls 61 long ones, 3 ms at 50 µs each, would pass before that is
//!             noticed.

use std::cell::Cell;
use std::time::Instant;

/// How long what waits outside waits for maintenance, in nanoseconds.
const MAINTENANCE_NANOS: u64 = 200_000;
/// How long a due timer waits for a reading of the clock, in nanoseconds, if polls are shorter.
const CLOCK_NANOS: u64 = 50_000;
/// The most polls between two readings of the clock.
const MOST_UNCLOCKED: u32 = 16;

/// What is due before the next poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DueWork {
    /// The poll.
    Poll,
    /// Timers may be due at this time, which has just been read.
    Timers(Instant),
    /// Maintenance: a look at everything that waits outside.
    Maintenance,
}

/// What a scheduler has run since its last maintenance.
#[derive(Debug)]
pub(crate) struct Maintenance {
    /// The most polls between two maintenances (the event interval).
    interval: u32,
    /// Polls until the clock is read.
    left: Cell<u32>,
    /// How many those were at the last reading.
    batch: Cell<u32>,
    /// Polls between the last maintenance and the last reading.
    since_maintenance: Cell<u32>,
    done_at: Cell<Instant>,
    /// Nanoseconds between the last maintenance and the last reading.
    nanos: Cell<u64>,
    /// Whether maintenance is due whatever the clock says.
    is_forced: Cell<bool>,
    is_postponed: Cell<bool>,
}

impl Maintenance {
    /// The last maintenance is now; the next is due after `interval` polls at the latest.
    pub(crate) fn new(interval: u32) -> Self {
        let now = Instant::now();
        let maintenance = Self {
            interval,
            left: Cell::new(0),
            batch: Cell::new(MOST_UNCLOCKED),
            since_maintenance: Cell::new(0),
            done_at: Cell::new(now),
            nanos: Cell::new(0),
            is_forced: Cell::new(false),
            is_postponed: Cell::new(false),
        };
        maintenance.done(now);
        maintenance
    }

    /// Counts a poll that is about to begin; returns what is due before it.
    #[inline]
    pub(crate) fn before_poll(&self) -> DueWork {
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        if left > 0 {
            return DueWork::Poll;
        }
        self.after_batch(Instant::now)
    }

    /// As [`before_poll`](Self::before_poll), once a batch of polls is over.
    #[cold]
    fn after_batch(&self, clock: impl FnOnce() -> Instant) -> DueWork {
        if self.is_forced.get() {
            return DueWork::Maintenance;
        }
        let now = clock();
        let nanos = now.duration_since(self.done_at.get()).as_nanos() as u64;
        let batch = self.batch.get();
        let polls = self.since_maintenance.get() + batch;
        self.adapt(nanos - self.nanos.replace(nanos), batch);
        if polls >= self.interval || nanos >= MAINTENANCE_NANOS {
            return DueWork::Maintenance;
        }
        self.since_maintenance.set(polls);
        // With the poll that begins now.
        self.left.set(self.next());
        DueWork::Timers(now)
    }

    /// Makes maintenance due at the next poll.
    pub(crate) fn force(&self) {
        self.is_forced.set(true);
        self.left.set(1);
    }

    /// Whether maintenance, which is due, may be done after the next poll: once.
    pub(crate) fn postpone(&self) -> bool {
        !self.is_postponed.replace(true)
    }

    /// Maintenance is done, at `now`.
    pub(crate) fn done(&self, now: Instant) {
        self.is_forced.set(false);
        self.is_postponed.set(false);
        self.since_maintenance.set(0);
        self.done_at.set(now);
        self.nanos.set(0);
        // `before_poll` is called once before the first poll.
        self.left.set(self.next() + 1);
    }

    /// The last `polls` polls took `nanos`: the next batch should take about [`CLOCK_NANOS`].
    fn adapt(&self, nanos: u64, polls: u32) {
        let fit = CLOCK_NANOS * u64::from(polls) / nanos.max(1);
        let fit = fit.clamp(1, u64::from(MOST_UNCLOCKED)); // I1
        self.batch.set(fit as u32);
    }

    /// The polls of the next batch.
    fn next(&self) -> u32 {
        let rest = self.interval - self.since_maintenance.get();
        let batch = self.batch.get().min(rest).max(1); // I2
        self.batch.set(batch);
        batch
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{CLOCK_NANOS, DueWork, MAINTENANCE_NANOS, MOST_UNCLOCKED, Maintenance};

    /// Polls that take `each` until a look is due, and how long that is after the last one.
    fn run(maintenance: &Maintenance, now: &mut Instant, each: Duration) -> (u32, Duration) {
        let begun = *now;
        for polls in 0.. {
            let left = maintenance.left.get() - 1;
            maintenance.left.set(left);
            if left == 0 && maintenance.after_batch(|| *now) == DueWork::Maintenance {
                maintenance.done(*now);
                return (polls, *now - begun);
            }
            *now += each;
        }
        unreachable!()
    }

    #[test]
    fn short_polls_are_looked_up_from_by_their_number() {
        let (maintenance, mut now) = (Maintenance::new(61), Instant::now());
        for _ in 0..10 {
            let (polls, _) = run(&maintenance, &mut now, Duration::from_nanos(100));
            assert_eq!(polls, 61);
        }
    }

    #[test]
    fn long_polls_are_looked_up_from_in_time() {
        let (maintenance, mut now) = (Maintenance::new(61), Instant::now());
        for _ in 0..10 {
            run(&maintenance, &mut now, Duration::from_nanos(100));
        }
        for micros in [50, 1_000, 10_000] {
            let each = Duration::from_micros(micros);
            // The first ones come unawares.
            let (_, late) = run(&maintenance, &mut now, each);
            assert!(late <= each * MOST_UNCLOCKED, "{late:?}");
            for _ in 0..10 {
                let (_, late) = run(&maintenance, &mut now, each);
                assert!(
                    late <= Duration::from_nanos(MAINTENANCE_NANOS) + each,
                    "{late:?} with polls of {each:?}"
                );
            }
        }
    }

    #[test]
    fn the_clock_is_read_often_enough_for_timers() {
        let (maintenance, mut now) = (Maintenance::new(61), Instant::now());
        let mut read_at = now;
        for micros in [50, 20, 10, 50, 4, 30] {
            let each = Duration::from_micros(micros);
            for poll in 0..100 {
                now += each;
                let left = maintenance.left.get() - 1;
                maintenance.left.set(left);
                if left > 0 {
                    continue;
                }
                if maintenance.after_batch(|| now) == DueWork::Maintenance {
                    maintenance.done(now);
                }
                let apart = now - std::mem::replace(&mut read_at, now);
                // The batch may have begun with shorter ones.
                let bound = Duration::from_nanos(CLOCK_NANOS) + each;
                assert!(
                    poll < 32 || apart <= bound,
                    "{apart:?} with polls of {each:?}"
                );
            }
        }
    }

    #[test]
    fn an_interval_of_one_is_a_look_for_each_poll() {
        let (maintenance, mut now) = (Maintenance::new(1), Instant::now());
        for _ in 0..10 {
            assert_eq!(run(&maintenance, &mut now, Duration::from_secs(1)).0, 1);
        }
    }

    #[test]
    fn what_is_due_is_postponed_once() {
        let (maintenance, now) = (Maintenance::new(61), Instant::now());
        maintenance.done(now);
        let late = || now + Duration::from_secs(1);
        maintenance.left.set(0);
        assert_eq!(maintenance.after_batch(late), DueWork::Maintenance);
        assert!(maintenance.postpone());
        assert_eq!(maintenance.after_batch(late), DueWork::Maintenance);
        assert!(!maintenance.postpone());
        maintenance.done(late());
        assert!(maintenance.postpone());
    }

    #[test]
    fn a_forced_look_is_next() {
        let (maintenance, mut now) = (Maintenance::new(61), Instant::now());
        maintenance.force();
        assert_eq!(run(&maintenance, &mut now, Duration::from_nanos(100)).0, 0);
        assert_eq!(run(&maintenance, &mut now, Duration::from_nanos(100)).0, 61);
    }
}
