//! One run of one seed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use super::child::{Task, start};

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Run {
    child: Child,
    begun: Instant,
    pub(super) files: Files,
}

/// Where a run writes.
#[derive(Debug, Clone)]
pub(super) struct Files {
    pub(super) output: PathBuf,
    pub(super) trace: PathBuf,
}

impl Files {
    pub(super) fn remove(&self) -> io::Result<()> {
        fs::remove_file(&self.output)?;
        // A run that was ended has none.
        let _absent = fs::remove_file(&self.trace);
        Ok(())
    }
}

impl Run {
    pub(super) fn begin(folder: &Path, task: &Task, number: u64) -> io::Result<Self> {
        let (seed, call) = (task.seed, task.call);
        let file = |kind: &str| folder.join(format!("{call}-{number}-seed-{seed}.{kind}"));
        let (output, trace) = (file("output"), file("trace"));
        let files = Files { output, trace };
        let output = File::create(&files.output)?;
        let child = start(task, &files.trace, &output)?;
        let begun = Instant::now();
        Ok(Self {
            child,
            begun,
            files,
        })
    }

    /// How it has ended: not yet, well, or with what is to be said beside what it printed.
    pub(super) fn outcome(&mut self, timeout: Duration) -> io::Result<Option<Option<String>>> {
        if let Some(status) = self.child.try_wait()? {
            if status.success() {
                return Ok(Some(None));
            }
            let died = status.code().is_none();
            let why = if died {
                format!("the process died: {status}\n")
            } else {
                String::new()
            };
            return Ok(Some(Some(why)));
        }
        if self.begun.elapsed() < timeout {
            return Ok(None);
        }
        self.child.kill()?;
        self.child.wait()?;
        let why = format!(
            "the run took more than {timeout:?} and was ended: a thread may loop without a call of the system\n"
        );
        Ok(Some(Some(why)))
    }
}
