//! Makes a failing run shorter: without faults that it does not need, and without preemption.
//!
//! Idea        Leave out half of the faults, then a quarter, and so on down to one; what fails without them is kept. As delta
//!             debugging does.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::child::{PREEMPTION, Task};
use super::run::{Files, Run};
use crate::trace::FAILED;

/// Runs that are made at most.
const RUNS: u64 = 60;
/// Real time that they may take.
const TIME: Duration = Duration::from_secs(30);
/// How often a run is looked at.
const LOOK: Duration = Duration::from_millis(1);
/// Where the numbers of these runs begin.
const FIRST: u64 = 1 << 32;

/// A run that has failed.
#[derive(Debug)]
pub(super) struct FailedRun {
    pub(super) files: Files,
    /// What is to be said beside what it printed.
    pub(super) why: String,
}

impl FailedRun {
    /// Why it failed, without numbers: what a shorter run must have in common with it.
    fn reason(&self) -> String {
        let trace = fs::read_to_string(&self.files.trace).unwrap_or_default();
        let in_trace = trace.lines().find_map(|line| line.strip_prefix(FAILED));
        let said = in_trace.unwrap_or(&self.why);
        let is_kept = |letter: &char| !letter.is_ascii_digit();
        said.chars().filter(is_kept).collect()
    }
}

/// The shortest run like `failed` that was found, and the faults that it leaves out.
///
/// # Source
/// Andreas Zeller and Ralf Hildebrandt, "Simplifying and isolating failure-inducing input" (IEEE TSE 2002).
pub(super) fn shorten(
    failed: FailedRun,
    task: Task,
    folder: &Path,
    timeout: Duration,
) -> io::Result<(FailedRun, BTreeSet<u64>)> {
    let (mut failed, mut task) = (failed, task);
    let mut faults = faults(&failed.files)?;
    // Another failure is another bug: it is found under a seed of its own.
    let reason = failed.reason();
    let begun = Instant::now();
    let mut runs = 0;
    let mut size = faults.len();
    while size > 0 {
        let mut at = 0;
        while at < faults.len() {
            if runs >= RUNS || begun.elapsed() > TIME {
                return Ok((failed, task.without));
            }
            let part: Vec<_> = faults.iter().copied().skip(at).take(size).collect();
            let mut shorter = task.clone();
            shorter.without.extend(&part);
            match run(&shorter, folder, FIRST + runs, timeout)? {
                Some(other) if other.reason() == reason => {
                    failed.files.remove()?;
                    (failed, task) = (other, shorter);
                    faults.retain(|fault| !part.contains(fault));
                }
                Some(other) => {
                    other.files.remove()?;
                    at += size;
                }
                None => at += size,
            }
            runs += 1;
        }
        size /= 2;
    }
    Ok((failed, task.without))
}

/// Runs it once more, so that there is a file for a viewer.
pub(super) fn show(
    failed: FailedRun,
    task: &Task,
    without: &BTreeSet<u64>,
    folder: &Path,
    timeout: Duration,
) -> io::Result<FailedRun> {
    // A run that was ended would be ended again, and has nothing to show.
    if !failed.files.trace.exists() {
        return Ok(failed);
    }
    let mut task = task.clone();
    task.without.clone_from(without);
    task.has_view = true;
    match run(&task, folder, FIRST + RUNS, timeout)? {
        Some(shown) => {
            failed.files.remove()?;
            Ok(shown)
        }
        None => Ok(failed),
    }
}

/// Runs it; if it fails, how.
fn run(
    task: &Task,
    folder: &Path,
    number: u64,
    timeout: Duration,
) -> io::Result<Option<FailedRun>> {
    let mut run = Run::begin(folder, task, number)?;
    let why = loop {
        match run.outcome(timeout)? {
            Some(why) => break why,
            None => thread::sleep(LOOK),
        }
    };
    let files = run.files;
    let Some(why) = why else {
        files.remove()?;
        return Ok(None);
    };
    Ok(Some(FailedRun { files, why }))
}

/// The numbers of the faults in a run's trace.
fn faults(files: &Files) -> io::Result<Vec<u64>> {
    let trace = match fs::read_to_string(&files.trace) {
        Ok(trace) => trace,
        // It was ended before it wrote one, and would be again.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    // What begins with fewer turns is easiest to read.
    let mut all = vec![PREEMPTION];
    let fault = |line: &str| {
        let mut words = line.split_whitespace().skip(2);
        words.next().filter(|&word| word == "fault")?;
        words.next()?.parse::<u64>().ok()
    };
    all.extend(trace.lines().filter_map(fault));
    Ok(all)
}
