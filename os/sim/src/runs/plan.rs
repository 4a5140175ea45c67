//! Which seeds are run.

use std::time::Duration;

/// Runs one seed, whatever the program says.
const SEED: &str = "SELKIE_SIM_SEED";
/// How many seeds are run.
const RUNS: &str = "SELKIE_SIM_RUNS";
/// Seconds that a run may take.
const TIMEOUT: &str = "SELKIE_SIM_TIMEOUT";

/// Which seeds are run, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) first: u64,
    pub(crate) runs: u64,
    /// How often each seed is run: each time the trace must be the same.
    pub(crate) repeats: u64,
    /// Real time that one run may take.
    pub(crate) timeout: Duration,
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    match text.trim().parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name} is no number: {text:?}"),
    }
}

impl Plan {
    /// What the program wants, unless the environment says something else.
    pub(crate) fn new(seed: Option<u64>, runs: Option<u64>, repeats: u64) -> Self {
        let default_runs = if seed.is_some() { 1 } else { 16 };
        let mut plan = Self {
            first: seed.unwrap_or(0),
            runs: runs.unwrap_or(default_runs),
            repeats: repeats.max(1),
            timeout: Duration::from_secs(number(TIMEOUT).unwrap_or(60)),
        };
        if let Some(runs) = number(RUNS) {
            plan.runs = runs;
        }
        if let Some(seed) = number(SEED) {
            (plan.first, plan.runs) = (seed, 1);
        }
        plan
    }
}
