//! A small random generator for choices that need no secrecy.
//!
//! Source      Marsaglia, "Xorshift RNGs" (2003), the 64-bit variant with shifts 13, 7, 17.

use std::cell::Cell;

/// A generator; the same seed gives the same numbers.
#[derive(Debug)]
pub(crate) struct Random(Cell<u64>);

impl Random {
    /// A generator that starts from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        // Spread the seed (a multiplication by an odd number), and never start at zero.
        Self(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }

    fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&self, end: usize) -> usize {
        let high = (self.next() >> 32).wrapping_mul(end as u64) >> 32;
        usize::try_from(high).unwrap_or(0)
    }
}
