//! A small random generator, for choices that need no secrecy.
//!
//! Idea        One word of state. An executor has a generator of its own where it needs one often; what runs anywhere, as
//!             `select!` does, takes the numbers of the context that it runs in.
//! States      of a context: not seeded (zero) → seeded, by a runtime or at the first number
//! Source      Marsaglia, "Xorshift RNGs" (2003), the 64-bit variant with shifts 13, 7, 17.

use core::cell::Cell;

use crate::context_cell;
use crate::platform::random_seed;

/// A generator; the same seed gives the same numbers.
#[derive(Debug)]
pub struct Random(Cell<u64>);

/// The state after `word`, which is not zero.
const fn step(mut word: u64) -> u64 {
    word ^= word << 13;
    word ^= word >> 7;
    word ^= word << 17;
    word
}

/// A number below `end`, of the better, high half of `word`: Lemire's multiplication instead of a division.
const fn scale(word: u64, end: u32) -> u32 {
    (((word >> 32) * end as u64) >> 32) as u32
}

impl Random {
    /// A generator that starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        // Spread the seed (a multiplication by an odd number), and never start at zero.
        Self(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }

    /// A number below `end`, evenly enough for fairness; zero, if `end` is.
    pub fn below(&self, end: u32) -> u32 {
        self.0.set(step(self.0.get()));
        scale(self.0.get(), end)
    }
}

context_cell! {
    static STATE: u64 = 0;
}

/// Numbers in this context follow from `state`; zero takes a seed of the platform's. Returns the state before.
pub fn seed_context(state: u64) -> u64 {
    STATE.replace(state)
}

/// A number below `end` from this context's generator, evenly enough for fairness; zero, if `end` is.
pub fn below(end: u32) -> u32 {
    let seed = match STATE.get() {
        0 => random_seed() | 1,
        seeded => seeded,
    };
    // In one step: an interrupt handler may take a number meanwhile.
    let word = STATE.update(|now| step(if now == 0 { seed } else { now }));
    scale(word, end)
}

#[cfg(test)]
mod tests {
    use super::{Random, below, seed_context};

    #[test]
    fn a_seed_decides_what_follows() {
        let before = seed_context(42);
        let first = [(); 8].map(|()| below(1_000_000));
        seed_context(42);
        assert_eq!(first, [(); 8].map(|()| below(1_000_000)));
        let one = Random::new(7);
        let other = Random::new(7);
        let numbers = [(); 8].map(|()| one.below(1_000_000));
        assert_eq!(numbers, [(); 8].map(|()| other.below(1_000_000)));
        seed_context(before);
    }

    #[test]
    fn every_number_below_the_end_comes() {
        let mut seen = [0_u32; 5];
        for _ in 0..5_000 {
            seen[below(5) as usize] += 1;
        }
        assert!(seen.iter().all(|&times| times > 500), "{seen:?}");
    }
}
