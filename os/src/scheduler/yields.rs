//! When a task that yields makes its scheduler look at the driver.
//!
//! Idea        A task that yields expects that the scheduler notices what has happened outside, but a task that
//!             yields in a loop should not cost a system call per round. So the first [`LOOKS`] yields in a row
//!             cause a look at the driver, if there is nothing else to run; the later ones wait for the event
//!             interval, like everything else.
//! Rejected    A look for each yield: a system call per yield. None: what has arrived on a socket meanwhile would
//!             be unnoticed for a whole interval.

use std::cell::Cell;

/// How many yields in a row cause a look at the driver.
const LOOKS: u32 = 4;

/// The current row of yields.
#[derive(Debug)]
pub(crate) struct Yields {
    /// The poll that yielded last.
    last: Cell<u32>,
    /// How many did so in a row.
    row: Cell<u32>,
}

impl Yields {
    /// Nobody has yielded.
    pub(crate) fn new() -> Self {
        Self {
            last: Cell::new(0),
            row: Cell::new(0),
        }
    }

    /// The poll number `poll` ends with a yield. Returns how many polls in a row did.
    #[inline]
    pub(crate) fn row(&self, poll: u32) -> u32 {
        let in_row = poll.wrapping_sub(self.last.replace(poll)) <= 1;
        let row = if in_row {
            // Saturated, it would stand still, and nobody would see another round.
            self.row.get().checked_add(1).unwrap_or(LOOKS + 1)
        } else {
            1
        };
        self.row.set(row);
        row
    }

    /// Whether the yield with which a row is as long as this is among the first.
    #[inline]
    pub(crate) fn is_early(row: u32) -> bool {
        row <= LOOKS
    }
}

#[cfg(test)]
mod tests {
    use super::Yields;

    #[test]
    fn the_first_four_of_a_row_are_early() {
        let yields = Yields::new();
        let early: Vec<bool> = (10..16)
            .map(|poll| Yields::is_early(yields.row(poll)))
            .collect();
        assert_eq!(early, [true, true, true, true, false, false]);
    }

    #[test]
    fn a_poll_that_does_not_yield_ends_the_row() {
        let yields = Yields::new();
        for poll in 10..20 {
            let _row = Yields::is_early(yields.row(poll));
        }
        assert!(!Yields::is_early(yields.row(20)));
        assert!(Yields::is_early(yields.row(22)));
    }

    #[test]
    fn a_row_grows_for_ever() {
        let yields = Yields::new();
        let _row = yields.row(10);
        yields.row.set(u32::MAX);
        let (next, after) = (yields.row(11), yields.row(12));
        assert_eq!(after, next + 1);
        assert!(!Yields::is_early(next));
    }

    #[test]
    fn the_count_of_polls_may_come_round() {
        let yields = Yields::new();
        assert!(Yields::is_early(yields.row(u32::MAX)));
        for poll in 0..3 {
            assert!(Yields::is_early(yields.row(poll)));
        }
        assert!(!Yields::is_early(yields.row(3)));
    }
}
