//! When a busy scheduler looks up from its tasks: at driver, timers, and others.
//!
//! Idea        What waits outside should wait for a time, not for a number of polls, which may be short or long. So
//!             the clock is read every few polls, the fewer the longer polls have been, and a look is due
//!             [`LOOK`] after the last one; or after the interval of polls that the builder was given.
//! Invariants  I1 between two readings of the clock are [`MOST_UNCLOCKED`] polls at most.
//!             I2 between two looks are as many polls as the interval says at most.
//! Rejected    A reading of the clock for each poll: a fifth of a short one. A count that is tuned by the mean of many
//!             polls: after short ones come 61 long ones, 3 ms at 50 µs each, before it is seen.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long what waits outside waits for a look.
const LOOK: Duration = Duration::from_micros(200);
/// Polls between two readings of the clock, at most.
const MOST_UNCLOCKED: u32 = 16;

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
    read_at: Cell<Instant>,
    /// A look is due whatever the clock says.
    is_forced: Cell<bool>,
}

impl Turn {
    /// The last look is now; the next is due after `interval` polls at the latest.
    pub(crate) fn new(interval: u32) -> Self {
        let now = Instant::now();
        let first = MOST_UNCLOCKED.min(interval);
        Self {
            interval,
            left: Cell::new(first),
            batch: Cell::new(first),
            since_look: Cell::new(0),
            looked_at: Cell::new(now),
            read_at: Cell::new(now),
            is_forced: Cell::new(false),
        }
    }

    /// Counts a poll that is about to begin. `true`: a look is due instead.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        let left = self.left.get() - 1;
        self.left.set(left);
        left == 0 && self.is_over_by(Instant::now)
    }

    /// As [`is_over`](Self::is_over), once a batch of polls is over.
    #[cold]
    fn is_over_by(&self, clock: impl FnOnce() -> Instant) -> bool {
        if self.is_forced.get() {
            return true;
        }
        let now = clock();
        let batch = self.batch.get();
        let polls = self.since_look.get() + batch;
        if polls >= self.interval || now.duration_since(self.looked_at.get()) >= LOOK {
            self.adapt(now.duration_since(self.read_at.get()), batch);
            self.read_at.set(now);
            return true;
        }
        self.adapt(now.duration_since(self.read_at.get()), batch);
        self.read_at.set(now);
        self.since_look.set(polls);
        self.next();
        false
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
        self.read_at.set(now);
        self.next();
    }

    /// The last `polls` took `length`: the next batch is to end when a look is due, roughly.
    fn adapt(&self, length: Duration, polls: u32) {
        let each = length.as_nanos() / u128::from(polls);
        let fit = LOOK.as_nanos() / each.max(1);
        let fit = u32::try_from(fit).unwrap_or(u32::MAX);
        self.batch.set(fit.clamp(1, MOST_UNCLOCKED)); // I1
    }

    /// Begins the next batch.
    fn next(&self) {
        let rest = self.interval - self.since_look.get();
        let batch = self.batch.get().min(rest).max(1); // I2
        self.batch.set(batch);
        self.left.set(batch);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{LOOK, MOST_UNCLOCKED, Turn};

    /// Polls that take `each` until a look is due, and how long that is after the last one. The first follows a look.
    fn run(turn: &Turn, now: &mut Instant, each: Duration) -> (u32, Duration) {
        let begun = *now;
        *now += each;
        for polls in 1.. {
            let left = turn.left.get() - 1;
            turn.left.set(left);
            if left == 0 && turn.is_over_by(|| *now) {
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
                assert!(late <= LOOK + each, "{late:?} with polls of {each:?}");
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
        assert_eq!(run(&turn, &mut now, Duration::from_nanos(100)).0, 1);
        assert_eq!(run(&turn, &mut now, Duration::from_nanos(100)).0, 61);
    }
}
