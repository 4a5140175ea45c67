//! Runs seeds until one fails.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::child::{Task, left_out, listed, test_name};
use super::directories;
use super::plan::Plan;
use super::reduction::{FailedRun, shorten, show};
use super::run::{Files, Run};
use crate::trace::COVERED;

/// A seed that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) seed: u64,
    /// What its process printed.
    pub(crate) output: String,
    /// Where its trace is.
    pub(crate) trace: PathBuf,
    /// Faults without which it fails, too.
    pub(crate) without: String,
}

/// How often runs are looked at.
const LOOK: Duration = Duration::from_millis(1);

/// The runs of a plan, in order, and how far they have come.
struct Search<'a> {
    plan: &'a Plan,
    folder: PathBuf,
    runs: BTreeMap<u64, Run>,
    /// The trace of the first run of each seed that is run several times.
    traces: BTreeMap<u64, Vec<u8>>,
    /// What befell the programs, in all runs that passed.
    covered: BTreeMap<String, u64>,
    failed: Option<(u64, Files, String)>,
}

/// Runs the seeds of `plan`; the lowest that fails, if one does.
pub(crate) fn search(plan: &Plan, call: u64) -> io::Result<Option<Failure>> {
    let folder = directories::own()?;
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let (runs, traces, covered) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut search = Search {
        plan,
        folder,
        runs,
        traces,
        covered,
        failed: None,
    };
    let mut next = 0;
    let end = plan.runs.saturating_mul(plan.repeats);
    loop {
        while search.runs.len() < at_once && next < end && search.failed.is_none() {
            let task = Task {
                seed: search.seed(next),
                call,
                without: left_out(),
                has_view: false,
            };
            let run = Run::begin(&search.folder, &task, next)?;
            search.runs.insert(next, run);
            next += 1;
        }
        if search.runs.is_empty() {
            break;
        }
        if !search.look()? {
            thread::sleep(LOOK);
        }
    }
    let Some((number, files, why)) = search.failed.take() else {
        directories::remove(&search.folder)?;
        println!("{} seeds passed; {}", plan.runs, search.summary());
        return Ok(None);
    };
    let seed = search.seed(number);
    let first = FailedRun { files, why };
    let task = Task {
        seed,
        call,
        without: left_out(),
        has_view: false,
    };
    let (last, without) = shorten(first, task.clone(), &search.folder, plan.timeout)?;
    let last = show(last, &task, &without, &search.folder, plan.timeout)?;
    let output = fs::read(&last.files.output)?;
    let output = format!("{}{}", String::from_utf8_lossy(&output), last.why);
    let (trace, without) = (last.files.trace, listed(&without));
    Ok(Some(Failure {
        seed,
        output,
        trace,
        without,
    }))
}

impl Search<'_> {
    /// The seed of the run with this number.
    fn seed(&self, number: u64) -> u64 {
        self.plan.first.wrapping_add(number / self.plan.repeats)
    }

    /// Looks which runs are over; whether one is.
    fn look(&mut self) -> io::Result<bool> {
        let mut over = Vec::new();
        for (&number, run) in &mut self.runs {
            if let Some(outcome) = run.outcome(self.plan.timeout)? {
                over.push((number, outcome));
            }
        }
        let is_any = !over.is_empty();
        for (number, outcome) in over {
            let files = self.runs.remove(&number).expect("looked at above").files;
            let why = match outcome {
                None => {
                    self.add_covered(&files)?;
                    self.difference(number, &files)?
                }
                why => why,
            };
            match why {
                Some(why)
                    if self
                        .failed
                        .as_ref()
                        .is_none_or(|(other, ..)| number < *other) =>
                {
                    self.failed = Some((number, files, why));
                }
                _ => files.remove()?,
            }
        }
        Ok(is_any)
    }

    /// Adds what the trace of a run says that befell the programs.
    fn add_covered(&mut self, files: &Files) -> io::Result<()> {
        let trace = match fs::read_to_string(&files.trace) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(no_trace(files)),
            trace => trace?,
        };
        let lines = trace.lines().filter_map(|line| line.strip_prefix(COVERED));
        for (count, what) in lines.filter_map(|line| line.split_once(' ')) {
            let count: u64 = count.parse().unwrap_or(0);
            *self.covered.entry(what.to_owned()).or_default() += count;
        }
        Ok(())
    }

    /// What befell the programs in all runs, in words.
    fn summary(&self) -> String {
        let parts: Vec<_> = self
            .covered
            .iter()
            .map(|(what, count)| format!("{what}: {count}"))
            .collect();
        if parts.is_empty() {
            String::from("nothing befell them")
        } else {
            parts.join(", ")
        }
    }

    /// What is to be said if this run's trace is not that of the seed's other runs.
    fn difference(&mut self, number: u64, files: &Files) -> io::Result<Option<String>> {
        if self.plan.repeats == 1 {
            return Ok(None);
        }
        let seed = self.seed(number);
        let own = fs::read(&files.trace)?;
        let Some(first) = self.traces.get(&seed) else {
            self.traces.insert(seed, own);
            return Ok(None);
        };
        if *first == own {
            return Ok(None);
        }
        Ok(Some(describe(first, &own)))
    }
}

/// What is said of a run that ended well and left no trace: it has not run.
fn no_trace(files: &Files) -> io::Error {
    let said = fs::read_to_string(&files.output).unwrap_or_default();
    let test = test_name().unwrap_or_else(|| String::from("main"));
    io::Error::other(format!(
        "the process left no trace: it did not come to this simulation. It was started for the test that this thread is named after, \
         `{test}`: set up a simulation on the test's own thread. It said\n{said}"
    ))
}

/// Where two traces part.
fn describe(one: &[u8], two: &[u8]) -> String {
    let (one, two) = (String::from_utf8_lossy(one), String::from_utf8_lossy(two));
    let both = one.lines().zip(two.lines()).enumerate();
    let parts = both.into_iter().find(|(_, (one, two))| one != two);
    let said = parts.map_or_else(
        || String::from("one is longer than the other"),
        |(line, (one, two))| format!("line {}:\n  {one}\n  {two}", line + 1),
    );
    format!(
        "two runs of the same seed had different traces; something in the program does not follow the seed; {said}\n"
    )
}
