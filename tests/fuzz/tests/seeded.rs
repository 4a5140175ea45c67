//! Each target with pseudo-random bytes, for some seconds; the seed of a run that fails is printed.
//!
//! ```sh
//! FUZZ_SECONDS=60 cargo test --manifest-path tests/fuzz/Cargo.toml
//! FUZZ_SEED=17 cargo test --manifest-path tests/fuzz/Cargo.toml channels     # that run alone
//! ```

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How long a target runs unless the environment says otherwise.
const SECONDS: u64 = 8;
/// Bytes of the longest input.
const LONGEST: u64 = 400;

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.next() % LONGEST;
        (0..length).map(|_| self.next() as u8).collect()
    }
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn feed(name: &str, target: fn(&[u8])) {
    let limit = Duration::from_secs(asked("FUZZ_SECONDS").unwrap_or(SECONDS));
    let only = asked("FUZZ_SEED");
    let begun = Instant::now();
    let mut seed = only.unwrap_or(0);
    while begun.elapsed() < limit {
        let data = Random(seed).bytes();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| target(&data))) {
            eprintln!("{name} fails: FUZZ_SEED={seed}");
            std::panic::resume_unwind(payload);
        }
        if only.is_some() {
            return;
        }
        seed += 1;
    }
    println!("{name}: {seed} runs");
}

#[test]
fn channels() {
    feed("channels", selkie_fuzz::channels::run);
}

#[test]
fn timers() {
    feed("timers", selkie_fuzz::timers::run);
}

#[test]
fn streams() {
    feed("streams", selkie_fuzz::streams::run);
}

#[test]
fn trees() {
    feed("trees", selkie_fuzz::trees::run);
}

#[test]
fn programs() {
    feed("programs", selkie_fuzz::programs::run);
}
