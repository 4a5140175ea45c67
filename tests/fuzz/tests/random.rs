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
const LONGEST: usize = 400;

/// The input of the run with this seed.
fn bytes(seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; random.usize(..LONGEST)];
    random.fill(&mut bytes);
    bytes
}

/// The number in an environment variable.
fn number_of(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn feed(name: &str, target: fn(&[u8])) {
    let limit = Duration::from_secs(number_of("FUZZ_SECONDS").unwrap_or(SECONDS));
    let only = number_of("FUZZ_SEED");
    let begun = Instant::now();
    let mut seed = only.unwrap_or(0);
    while begun.elapsed() < limit {
        let data = bytes(seed);
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
