//! When a busy worker looks at what waits outside of its run queue: driver, timers, other workers.
//!
//! Idea        What waits outside should wait for a time, not for a number of polls, which may be short or long. So the
//!             worker reads the clock every few polls, fewer the longer polls have been: at least each [`CLOCK_NANOS`],
//!             because checking for due timers is free once the time is known. A look at everything is due [`LOOK_NANOS`]
//!             after the last one, or after the interval of polls that the builder was given.
//! Invariants  I1 there are [`MOST_UNCLOCKED`] polls at most between two readings of the clock.
//!             I2 there are as many polls between two looks as the interval says, at most.
//! Rejected    Reading the clock for each poll: a fifth of the cost of a short one. A number of polls that is tuned by their
//!             mean length: after many short polls it takes 61 long ones, 3 ms at 50 µs each, to notice.

use std::cell::Cell;
use std::time::Instant;

/// How long what waits outside waits for a look, in nanoseconds.
const LOOK_NANOS: u64 = 200_000;
/// How long a due timer waits for a reading of the clock, in nanoseconds, if polls are shorter.
const CLOCK_NANOS: u64 = 50_000;
/// Polls between two readings of the clock, at most.
const MOST_UNCLOCKED: u32 = 16;

/// What is due before the next poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// The poll.
    Poll,
    /// Timers may be due at this time, which has just been read.
    Timers(Instant),
    /// A look at everything that waits outside.
    Look,
}

/// What a scheduler has run since its last look.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Polls between two looks, at most.
    interval: u32,
    /// Polls until the clock is read.
    left: Cell<u32>,
    /// How many those were when the clock was read last.
    batch: Cell<u32>,
    /// Polls since the last look, when the clock was read last.
    since_look: Cell<u32>,
    looked_at: Cell<Instant>,
    /// Nanoseconds from then until the clock was read last.
    nanos: Cell<u64>,
    /// A look is due whatever the clock says.
    is_forced: Cell<bool>,
}

impl Turn {
    /// The last look is now; the next is due after `interval` polls at the latest.
    pub(crate) fn new(interval: u32) -> Self {
        let now = Instant::now();
        let turn = Self {
            interval,
            left: Cell::new(0),
            batch: Cell::new(MOST_UNCLOCKED),
            since_look: Cell::new(0),
            looked_at: Cell::new(now),
            nanos: Cell::new(0),
            is_forced: Cell::new(false),
        };
        turn.looked(now);
        turn
    }

    /// Counts a poll that is about to begin, and says what is due before it.
    #[inline]
    pub(crate) fn before_poll(&self) -> Due {
        let left = self.left.get().saturating_sub(1);
        self.left.set(left);
        if left > 0 {
            return Due::Poll;
        }
        self.after_batch(Instant::now)
    }

    /// As [`before_poll`](Self::before_poll), once a batch of polls is over.
    #[cold]
    fn after_batch(&self, clock: impl FnOnce() -> Instant) -> Due {
        if self.is_forced.get() {
            return Due::Look;
        }
        let now = clock();
        let nanos = now.duration_since(self.looked_at.get()).as_nanos() as u64;
        let batch = self.batch.get();
        let polls = self.since_look.get() + batch;
        self.adapt(nanos - self.nanos.replace(nanos), batch);
        if polls >= self.interval || nanos >= LOOK_NANOS {
            return Due::Look;
        }
        self.since_look.set(polls);
        // With the poll that begins now.
        self.left.set(self.next());
        Due::Timers(now)
    }

    /// A look is due at the next poll.
    pub(crate) fn force(&self) {
        self.is_forced.set(true);
        self.left.set(1);
    }

    /// The look is at `now`.
    pub(crate) fn looked(&self, now: Instant) {
        self.is_forced.set(false);
        self.since_look.set(0);
        self.looked_at.set(now);
        self.nanos.set(0);
        // It is asked once before the first poll.
        self.left.set(self.next() + 1);
    }

    /// The last `polls` took `nanos`: the next batch is to take [`CLOCK_NANOS`], roughly.
    fn adapt(&self, nanos: u64, polls: u32) {
        let fit = CLOCK_NANOS * u64::from(polls) / nanos.max(1);
        let fit = fit.clamp(1, u64::from(MOST_UNCLOCKED)); // I1
        self.batch.set(fit as u32);
    }

    /// The polls of the next batch.
    fn next(&self) -> u32 {
        let rest = self.interval - self.since_look.get();
        let batch = self.batch.get().min(rest).max(1); // I2
        self.batch.set(batch);
        batch
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{CLOCK_NANOS, Due, LOOK_NANOS, MOST_UNCLOCKED, Turn};

    /// Polls that take `each` until a look is due, and how long that is after the last one.
    fn run(turn: &Turn, now: &mut Instant, each: Duration) -> (u32, Duration) {
        let begun = *now;
        for polls in 0.. {
            let left = turn.left.get() - 1;
            turn.left.set(left);
            if left == 0 && turn.after_batch(|| *now) == Due::Look {
                turn.looked(*now);
                return (polls, *now - begun);
            }
            *now += each;
        }
        unreachable!()
    }

    #[test]
    fn short_polls_are_looked_up_from_by_their_number() {
        let (turn, mut now) = (Turn::new(61), Instant::now());
        for _ in 0..10 {
            let (polls, _) = run(&turn, &mut now, Duration::from_nanos(100));
            assert_eq!(polls, 61);
        }
    }

    #[test]
    fn long_polls_are_looked_up_from_in_time() {
        let (turn, mut now) = (Turn::new(61), Instant::now());
        for _ in 0..10 {
            run(&turn, &mut now, Duration::from_nanos(100));
        }
        for micros in [50, 1_000, 10_000] {
            let each = Duration::from_micros(micros);
            // The first ones come unawares.
            let (_, late) = run(&turn, &mut now, each);
            assert!(late <= each * MOST_UNCLOCKED, "{late:?}");
            for _ in 0..10 {
                let (_, late) = run(&turn, &mut now, each);
                assert!(
                    late <= Duration::from_nanos(LOOK_NANOS) + each,
                    "{late:?} with polls of {each:?}"
                );
            }
        }
    }

    #[test]
    fn the_clock_is_read_often_enough_for_timers() {
        let (turn, mut now) = (Turn::new(61), Instant::now());
        let mut read_at = now;
        for micros in [50, 20, 10, 50, 4, 30] {
            let each = Duration::from_micros(micros);
            for poll in 0..100 {
                now += each;
                let left = turn.left.get() - 1;
                turn.left.set(left);
                if left > 0 {
                    continue;
                }
                if turn.after_batch(|| now) == Due::Look {
                    turn.looked(now);
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
        let (turn, mut now) = (Turn::new(1), Instant::now());
        for _ in 0..10 {
            assert_eq!(run(&turn, &mut now, Duration::from_secs(1)).0, 1);
        }
    }

    #[test]
    fn a_forced_look_is_next() {
        let (turn, mut now) = (Turn::new(61), Instant::now());
        turn.force();
        assert_eq!(run(&turn, &mut now, Duration::from_nanos(100)).0, 0);
        assert_eq!(run(&turn, &mut now, Duration::from_nanos(100)).0, 61);
    }
}
