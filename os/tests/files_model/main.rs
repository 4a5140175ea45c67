//! Random programs on a file, against a model of what the documentation promises.
//!
//! ```sh
//! FUZZ_SEED=17 cargo test -p selkie --test files_model random            # that program alone
//! FUZZ_SECONDS=600 cargo test -p selkie --test files_model -- --ignored --nocapture
//! ```
//!
//! A program does things with several handles of one file, drops futures after some polls, and goes on with the same
//! handles on other runtimes. The model says which states all of that may lead to; what the program sees must follow
//! from one of them.
#![cfg(target_os = "linux")]

#[path = "../fixture/mod.rs"]
mod fixture;

mod generator;
mod model;
mod program;
mod random;
mod reads;
mod regressions;
mod run;
mod shared;
mod shrink;
mod state;
mod states;
mod trial;
mod wait;
mod writes;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use trial::{LIMIT, ProgramPaths, report};

/// Programs of the quick test.
const QUICK: u64 = 400;

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs the program of each of `seeds`, until one fails, and says how many there were.
fn feed(name: &str, seeds: impl Iterator<Item = u64>) {
    let paths = ProgramPaths::new(name);
    let (mut count, mut not_followed) = (0, 0);
    for seed in seeds {
        let program = generator::program(seed);
        count += 1;
        match paths.try_once(&program, seed, LIMIT) {
            Ok(true) => {}
            Ok(false) => not_followed += 1,
            Err((failure, events)) => {
                let first = report(&program, failure, &events);
                eprintln!("FUZZ_SEED={seed} fails after {count} programs:\n{first}");
                let smaller = shrink::shrink(&program, |candidate| {
                    paths.failure(candidate, seed, 20).is_some()
                });
                match paths.failure(&smaller, seed, 100) {
                    Some((failure, events)) => {
                        panic!("made smaller:\n{}", report(&smaller, failure, &events))
                    }
                    None => panic!("it does not fail again"),
                }
            }
        }
    }
    println!("{name}: {count} programs, {not_followed} of them with too many states to follow");
}

/// A seed that is another each day, and the same in all runs of it.
fn of_today() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs() / 86_400 * 1_000_000
}

#[test]
fn random_programs_get_the_documented_results() {
    if let Some(seed) = asked("FUZZ_SEED") {
        feed("files-model-seed", std::iter::repeat_n(seed, 50));
        return;
    }
    println!("today's seeds begin with {}", of_today());
    feed(
        "files-model",
        (0..QUICK).chain(of_today()..of_today() + QUICK / 4),
    );
}

#[test]
#[ignore = "takes as long as FUZZ_SECONDS says; for runs by hand"]
fn many_random_programs_get_the_documented_results() {
    let first = asked("FUZZ_SEED").unwrap_or(1_000_000_000);
    let limit = Duration::from_secs(asked("FUZZ_SECONDS").unwrap_or(120));
    let begun = Instant::now();
    feed(
        "files-model-long",
        (first..).take_while(|_| begun.elapsed() < limit),
    );
}
