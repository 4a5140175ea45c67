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

mod found;
mod generate;
mod model;
mod program;
mod random;
mod reads;
mod run;
mod shared;
mod shrink;
mod state;
mod states;
mod waiting;
mod writes;

use std::cell::Cell;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use fixture::Folder;
use model::Unexplained;
use program::{Event, Program};
use run::Broken;

/// Programs of the quick test.
const QUICK: u64 = 400;
/// Longer than any program takes that ends at all.
const LIMIT: Duration = Duration::from_secs(60);
/// As long as a program that hangs is waited for while it is made smaller.
const SHORT: Duration = Duration::from_secs(3);

/// Why a program fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Broken(Broken),
    /// The event of this number cannot be.
    Unexplained(usize),
}

/// A failure, and what was seen until then.
type Found = (Failure, Vec<Event>);

/// Runs `program`; `Ok` says whether the model could follow.
fn explained(program: &Program, path: &Path, limit: Duration) -> Result<bool, Found> {
    let (events, ended) = run::run(program, path, limit);
    if let Err(broken) = ended {
        return Err((Failure::Broken(broken), events));
    }
    match model::explain(&events) {
        Ok(()) => Ok(true),
        Err(Unexplained::TooMany) => Ok(false),
        Err(Unexplained::Event(number)) => Err((Failure::Unexplained(number), events)),
    }
}

/// The parts of `program`, and what was seen when it failed.
fn report(program: &Program, failure: Failure, events: &[Event]) -> String {
    let mut text = String::new();
    for part in program {
        let _ = writeln!(text, "{:?}, ends by {:?}", part.kind, part.end);
        for step in &part.steps {
            let _ = writeln!(text, "    {step:?}");
        }
    }
    let _ = writeln!(text, "seen:");
    for (number, event) in events.iter().enumerate() {
        let here = failure == Failure::Unexplained(number);
        let mark = if here { "--->" } else { "    " };
        let _ = writeln!(text, "{mark}{event:?}");
    }
    let _ = writeln!(text, "{failure:?}");
    text
}

/// Where the files are, each program's own: what one has given up may come to its end amid the next.
struct Places {
    folders: Vec<Folder>,
    next: Cell<usize>,
}

impl Places {
    fn new(name: &str) -> Self {
        let mut folders = vec![Folder::new(name)];
        // Most file systems that are read in place are either on a disk or memory.
        if let Some(folder) = Folder::in_memory(name) {
            folders.push(folder);
        }
        let next = Cell::new(0);
        Self { folders, next }
    }

    /// A path for the next run of the program of `seed`.
    fn path(&self, seed: u64) -> PathBuf {
        self.next.set(self.next.get() + 1);
        let folder = &self.folders[seed as usize / 2 % self.folders.len()];
        folder.path().join(self.next.get().to_string())
    }

    /// Runs `program` of `seed`, as [`explained`] does.
    fn try_once(&self, program: &Program, seed: u64, limit: Duration) -> Result<bool, Found> {
        let path = self.path(seed);
        let explained = explained(program, &path, limit);
        let _ = std::fs::remove_file(&path);
        explained
    }

    /// How `program` fails in one of some runs.
    fn failure(&self, program: &Program, seed: u64, runs: usize) -> Option<Found> {
        (0..runs).find_map(|_| self.try_once(program, seed, SHORT).err())
    }
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs the program of each of `seeds`, until one fails, and says how many there were.
fn feed(name: &str, seeds: impl Iterator<Item = u64>) {
    let places = Places::new(name);
    let (mut count, mut not_followed) = (0, 0);
    for seed in seeds {
        let program = generate::program(seed);
        count += 1;
        match places.try_once(&program, seed, LIMIT) {
            Ok(true) => {}
            Ok(false) => not_followed += 1,
            Err((failure, events)) => {
                let first = report(&program, failure, &events);
                eprintln!("FUZZ_SEED={seed} fails after {count} programs:\n{first}");
                let smaller = shrink::shrink(&program, |candidate| {
                    places.failure(candidate, seed, 20).is_some()
                });
                match places.failure(&smaller, seed, 100) {
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
fn random_programs_see_what_is_promised() {
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
fn many_random_programs_see_what_is_promised() {
    let first = asked("FUZZ_SEED").unwrap_or(1_000_000_000);
    let limit = Duration::from_secs(asked("FUZZ_SECONDS").unwrap_or(120));
    let begun = Instant::now();
    feed(
        "files-model-long",
        (first..).take_while(|_| begun.elapsed() < limit),
    );
}
