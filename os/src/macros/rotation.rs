//! Where a poll of several futures begins.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// Begins each poll one future further on.
#[derive(Debug, Default)]
pub struct Rotator<const COUNT: u32> {
    next: u32,
}

impl<const COUNT: u32> Rotator<COUNT> {
    /// The index of the future that this poll begins with.
    #[inline]
    pub fn num_skip(&mut self) -> u32 {
        let skip = self.next;
        self.next = (skip + 1) % COUNT;
        skip
    }
}

/// Begins each poll with the first future.
#[derive(Debug, Default)]
pub struct BiasedRotator;

impl BiasedRotator {
    /// Zero.
    #[inline]
    pub fn num_skip(&mut self) -> u32 {
        0
    }
}

thread_local! {
    static RANDOM: Cell<u64> = Cell::new(RandomState::new().hash_one(0) | 1);
}

/// A number below `n`, evenly enough for fairness; `n` is not zero.
pub fn thread_rng_n(n: u32) -> u32 {
    let word = RANDOM.try_with(|random| {
        // Marsaglia's xorshift with 64 bits; the high half is the better one.
        let mut word = random.get();
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        random.set(word);
        (word >> 32) as u32
    });
    // Lemire's multiplication instead of a division. Without the thread's state: from the start.
    ((u64::from(word.unwrap_or(0)) * u64::from(n)) >> 32) as u32
}
