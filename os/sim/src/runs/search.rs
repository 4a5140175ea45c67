//! Runs seeds until one fails.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use super::child::{start, test_name};
use super::plan::Plan;

/// A seed that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) seed: u64,
    /// What its process printed.
    pub(crate) output: String,
    /// Where its trace is.
    pub(crate) trace: PathBuf,
}

/// A run that goes on.
struct Run {
    child: Child,
    begun: Instant,
    files: Files,
}

/// Where a run writes.
#[derive(Debug, Clone)]
struct Files {
    output: PathBuf,
    trace: PathBuf,
}

/// How often runs are looked at.
const LOOK: Duration = Duration::from_millis(1);

/// Runs the seeds of `plan`; the lowest that fails, if one does.
pub(crate) fn search(plan: &Plan, call: u64) -> io::Result<Option<Failure>> {
    let folder = folder()?;
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    let mut runs: BTreeMap<u64, Run> = BTreeMap::new();
    let mut failed: Option<(u64, Files, String)> = None;
    let mut next = plan.first;
    let end = plan.first.saturating_add(plan.runs);
    loop {
        while runs.len() < at_once && next < end && failed.is_none() {
            runs.insert(next, begin(&folder, next, call)?);
            next += 1;
        }
        if runs.is_empty() {
            break;
        }
        let mut over = Vec::new();
        for (&seed, run) in &mut runs {
            if let Some(why) = outcome(run, plan.timeout)? {
                over.push((seed, why));
            }
        }
        for (seed, why) in over {
            let run = runs.remove(&seed).expect("looked at above");
            match why {
                Some(why) if failed.as_ref().is_none_or(|(other, ..)| seed < *other) => {
                    failed = Some((seed, run.files, why));
                }
                _ => {
                    fs::remove_file(&run.files.output)?;
                    let _absent = fs::remove_file(&run.files.trace);
                }
            }
        }
        thread::sleep(LOOK);
    }
    let Some((seed, files, why)) = failed else {
        return Ok(None);
    };
    let output = fs::read(&files.output)?;
    let output = format!("{}{why}", String::from_utf8_lossy(&output));
    Ok(Some(Failure {
        seed,
        output,
        trace: files.trace,
    }))
}

/// How a run has ended: not yet, well, or with what is to be said beside what it printed.
fn outcome(run: &mut Run, timeout: Duration) -> io::Result<Option<Option<String>>> {
    if let Some(status) = run.child.try_wait()? {
        if status.success() {
            return Ok(Some(None));
        }
        let why = status
            .code()
            .is_none()
            .then(|| format!("the process died: {status}\n"));
        return Ok(Some(Some(why.unwrap_or_default())));
    }
    if run.begun.elapsed() < timeout {
        return Ok(None);
    }
    run.child.kill()?;
    run.child.wait()?;
    let why = format!(
        "the run took more than {timeout:?} and was ended: a thread may loop without a call of the system\n"
    );
    Ok(Some(Some(why)))
}

fn begin(folder: &Path, seed: u64, call: u64) -> io::Result<Run> {
    let name = test_name()
        .unwrap_or_else(|| String::from("main"))
        .replace("::", "-");
    let file = |kind: &str| folder.join(format!("{name}-{call}-{seed}.{kind}"));
    let files = Files {
        output: file("output"),
        trace: file("trace"),
    };
    let output = File::create(&files.output)?;
    let child = start(seed, call, &files.trace, &output)?;
    Ok(Run {
        child,
        begun: Instant::now(),
        files,
    })
}

/// Where runs of this process write.
fn folder() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let name = program
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    let own = format!("{}-{}", name.unwrap_or_default(), std::process::id());
    let folder = std::env::temp_dir().join("selkie-sim").join(own);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
