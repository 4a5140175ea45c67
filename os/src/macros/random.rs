//! The running thread's random numbers, for choices that need no secrecy.
//!
//! Source      Marsaglia, "Xorshift RNGs" (2003), the 64-bit variant with shifts 13, 7, 17.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    static RANDOM: Cell<u64> = Cell::new(RandomState::new().hash_one(0) | 1);
}

/// Numbers on this thread follow from `state`, which is not zero; returns the state before.
#[cfg_attr(not(feature = "rt"), allow(dead_code))]
pub(crate) fn seed_thread(state: u64) -> u64 {
    // Without the thread's locals there are no numbers to seed.
    RANDOM.try_with(|random| random.replace(state)).unwrap_or(1)
}

/// A number below `n`, evenly enough for fairness; `n` is not zero.
#[cfg_attr(not(feature = "macros"), allow(dead_code, unreachable_pub))]
pub fn thread_rng_n(n: u32) -> u32 {
    let word = RANDOM.try_with(|random| {
        // The high half is the better one.
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
