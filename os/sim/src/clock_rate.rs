//! How fast the clocks of a host go: those of real machines are never quite right.

/// How fast the clocks of a host go, and what they showed when that was set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ClockRate {
    /// Millionths that they are too fast; less than zero if they are too slow.
    drift_ppm: i64,
    /// The world's time when it was set, and what the host's clock had counted until then.
    set_at: u64,
    shown: u64,
}

const MILLION: i128 = 1_000_000;

fn nanoseconds(number: i128) -> u64 {
    u64::try_from(number.max(0)).unwrap_or(u64::MAX)
}

impl ClockRate {
    /// What the host's clock has counted at `now`.
    pub(crate) fn show(self, now: u64) -> u64 {
        let passed = i128::from(now) - i128::from(self.set_at);
        nanoseconds(
            i128::from(self.shown) + passed * (MILLION + i128::from(self.drift_ppm)) / MILLION,
        )
    }

    /// How long the host's clock takes for so many of its nanoseconds.
    pub(crate) fn last(self, own: u64) -> u64 {
        let speed = MILLION + i128::from(self.drift_ppm);
        // Not before the clock shows it.
        nanoseconds((i128::from(own) * MILLION + speed - 1) / speed)
    }

    /// The world's time at which the host's clock has counted `own`.
    pub(crate) fn moment(self, own: u64) -> u64 {
        match own.checked_sub(self.shown) {
            Some(more) => self.set_at.saturating_add(self.last(more)),
            None => 0,
        }
    }

    /// From `now` on it is another one.
    ///
    /// # Panics
    /// If the clock would stand still, or go back.
    pub(crate) fn set(&mut self, now: u64, drift_ppm: i64) {
        assert!(
            drift_ppm > -1_000_000,
            "a clock that is {drift_ppm} millionths fast stands still"
        );
        *self = Self {
            drift_ppm,
            set_at: now,
            shown: self.show(now),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::ClockRate;

    #[test]
    fn a_clock_shows_at_its_moment_what_it_was_to_show() {
        let mut rate = ClockRate::default();
        for (at, drift_ppm) in [(0, 0), (1_000, 100), (7_777, -300_000), (90_001, 2_000_000)] {
            rate.set(at, drift_ppm);
            for own in (rate.show(at)..rate.show(at) + 100_000).step_by(997) {
                let moment = rate.moment(own);
                assert!(rate.show(moment) >= own);
                assert!(moment == at || rate.show(moment - 1) < own);
            }
        }
        assert_eq!(rate.show(90_001 + 1_000), rate.show(90_001) + 3_000);
    }
}
