//! Random numbers that a seed decides: the same seed gives the same numbers on every machine.
//!
//! The generator is xoshiro256**, whose state SplitMix64 fills from the seed. A part of the simulation that needs numbers of its
//! own takes a fork with a label, so that one part that draws more often does not change what the others draw.

/// A seeded generator.
///
/// # Examples
/// ```
/// use selkie_sim::random::Random;
///
/// let mut one = Random::new(7);
/// let mut two = Random::new(7);
/// assert_eq!(one.next_u64(), two.next_u64());
/// // A fork depends on the seed and the label, not on what was drawn before.
/// assert_eq!(one.fork("disk").next_u64(), Random::new(7).fork("disk").next_u64());
/// ```
///
/// # Source
/// David Blackman and Sebastiano Vigna, "Scrambled linear pseudorandom number generators" (2018); Guy Steele, Doug Lea and Christine
/// Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).
#[derive(Debug, Clone)]
pub struct Random {
    seed: u64,
    state: [u64; 4],
}

impl Random {
    /// A generator whose numbers `seed` decides.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut mixed = seed;
        let state = std::array::from_fn(|_| split_mix(&mut mixed));
        Self { seed, state }
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `limit`; 0 if `limit` is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        let product = u128::from(self.next_u64()) * u128::from(limit);
        (product >> 64) as u64
    }

    /// Whether something happens whose probability is `probability`. One number is drawn whatever the probability is, so that the
    /// numbers after it do not depend on it.
    pub fn chance(&mut self, probability: f64) -> bool {
        let unit = (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        unit < probability
    }

    /// A generator of its own for `label`: the seed and the label decide its numbers.
    #[must_use]
    pub fn fork(&self, label: &str) -> Self {
        let mut mixed = self.seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in label.bytes() {
            mixed = split_mix(&mut mixed) ^ u64::from(byte);
        }
        Self::new(split_mix(&mut mixed))
    }
}

/// One step of SplitMix64.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_are_those_of_the_published_generator() {
        let mut mixed = 1_234_567;
        assert_eq!(super::split_mix(&mut mixed), 6_457_827_717_110_365_317);
        assert_eq!(super::split_mix(&mut mixed), 3_203_168_211_198_807_973);
    }

    #[test]
    fn forks_differ_by_label_and_seed() {
        let random = Random::new(1);
        let first = |random: &Random, label| random.fork(label).next_u64();
        assert_ne!(first(&random, "a"), first(&random, "b"));
        assert_ne!(first(&random, "a"), first(&Random::new(2), "a"));
        assert_ne!(first(&random, "ab"), first(&random, "ba"));
    }

    #[test]
    fn chances_and_limits_are_kept() {
        let mut random = Random::new(3);
        let hits = (0..10_000).filter(|_| random.chance(0.25)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
        assert!((0..10_000).all(|_| random.below(7) < 7));
        assert!(!(0..100).any(|_| random.chance(0.0)));
        assert_eq!(random.below(0), 0);
    }
}
