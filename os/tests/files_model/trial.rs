//! Runs a program and has the model explain it.

use std::cell::Cell;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::model::{self, UnexplainedReason};
use super::program::{Event, Program};
use super::run::{self, RunFailure};
use crate::fixture::TempDir;

/// Longer than any program takes that ends at all.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// As long as a program that hangs is waited for while it is made smaller.
const SHORT: Duration = Duration::from_secs(3);

/// Why a program fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Run(RunFailure),
    /// The event of this number cannot be.
    Unexplained(usize),
}

/// A failure, and what was seen until then.
pub(crate) type TracedFailure = (Failure, Vec<Event>);

/// Runs `program`; `Ok` says whether the model could follow.
fn explained(program: &Program, path: &Path, limit: Duration) -> Result<bool, TracedFailure> {
    let (events, ended) = run::run(program, path, limit);
    if let Err(broken) = ended {
        return Err((Failure::Run(broken), events));
    }
    match model::explain(&events) {
        Ok(()) => Ok(true),
        Err(UnexplainedReason::TooMany) => Ok(false),
        Err(UnexplainedReason::Event(number)) => Err((Failure::Unexplained(number), events)),
    }
}

/// The parts of `program`, and what was seen when it failed.
pub(crate) fn report(program: &Program, failure: Failure, events: &[Event]) -> String {
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
pub(crate) struct ProgramPaths {
    directories: Vec<TempDir>,
    next: Cell<usize>,
}

impl ProgramPaths {
    pub(crate) fn new(name: &str) -> Self {
        let mut directories = vec![TempDir::new(name)];
        // Most file systems that are read in place are either on a disk or memory.
        if let Some(directory) = TempDir::in_memory(name) {
            directories.push(directory);
        }
        let next = Cell::new(0);
        Self { directories, next }
    }

    /// A path for the next run of the program of `seed`.
    fn path(&self, seed: u64) -> PathBuf {
        self.next.set(self.next.get() + 1);
        let directory = &self.directories[seed as usize / 2 % self.directories.len()];
        directory.path().join(self.next.get().to_string())
    }

    /// Runs `program` of `seed`, as [`explained`] does.
    pub(crate) fn try_once(
        &self,
        program: &Program,
        seed: u64,
        limit: Duration,
    ) -> Result<bool, TracedFailure> {
        let path = self.path(seed);
        let explained = explained(program, &path, limit);
        let _ = std::fs::remove_file(&path);
        explained
    }

    /// How `program` fails in one of some runs.
    pub(crate) fn failure(
        &self,
        program: &Program,
        seed: u64,
        runs: usize,
    ) -> Option<TracedFailure> {
        (0..runs).find_map(|_| self.try_once(program, seed, SHORT).err())
    }
}
