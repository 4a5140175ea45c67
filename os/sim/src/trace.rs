//! What happened, in order: the same seed gives the same trace, byte for byte.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::time::Duration;

use crate::ids::{HostId, ThreadId};
use crate::view::View;

/// How lines in a trace begin that say what befell the programs, and how often.
pub(crate) const COVERED: &str = "covered ";

/// How the line in a trace begins that says why the run failed.
pub(crate) const FAILED: &str = "failed ";

/// If it is set, a trace has every turn.
const TURNS: &str = "SELKIE_SIM_TURNS";

/// If it is set, a file for a viewer is written beside the trace.
pub(crate) const VIEW: &str = "SELKIE_SIM_VIEW";

/// The trace of a run: notes in words, and a digest of every turn.
#[derive(Debug)]
pub(crate) struct Trace {
    text: String,
    digest: u64,
    turns: u64,
    /// What happened to programs, and how often.
    covered: BTreeMap<&'static str, u64>,
    /// For a viewer, if that was asked for.
    view: Option<View>,
    /// Whether every turn is written down.
    writes_turns: bool,
}

impl Trace {
    pub(crate) fn new(seed: u64) -> Self {
        let text = format!("seed {seed}\n");
        Self {
            text,
            digest: 0xcbf2_9ce4_8422_2325,
            turns: 0,
            covered: BTreeMap::new(),
            view: std::env::var_os(VIEW).map(|_| View::default()),
            writes_turns: std::env::var_os(TURNS).is_some(),
        }
    }

    fn mix(&mut self, value: u64) {
        // FNV-1a, by words.
        self.digest = (self.digest ^ value).wrapping_mul(0x0100_0000_01b3);
    }

    /// A thread got the turn.
    pub(crate) fn turn(&mut self, now: u64, host: HostId, thread: ThreadId) {
        if let Some(view) = &mut self.view {
            view.turn(now, host, thread);
        }
        self.turns += 1;
        self.mix(now);
        self.mix(u64::from(thread.0));
        if self.writes_turns {
            let at = Duration::from_nanos(now);
            let _written = writeln!(self.text, "{at:>14?}  turn       thread {}", thread.0);
        }
    }

    /// Something that a reader wants to know.
    pub(crate) fn note(&mut self, now: u64, (id, host): (HostId, &str), what: impl Display) {
        let at = Duration::from_nanos(now);
        let what = what.to_string().replace('\n', " ");
        if let Some(view) = &mut self.view {
            view.note(now, id, &what);
        }
        let _written = writeln!(self.text, "{at:>14?}  {host:<10} {what}");
        self.mix(now);
    }

    /// Something befell the programs.
    pub(crate) fn cover(&mut self, what: &'static str) {
        *self.covered.entry(what).or_default() += 1;
    }

    /// The whole trace.
    pub(crate) fn finish(&self, failure: Option<&str>) -> String {
        let mut text = self.text.clone();
        if let Some(first) = failure.and_then(|why| why.lines().next()) {
            let _written = writeln!(text, "{FAILED}{first}");
        }
        for (what, count) in &self.covered {
            let _written = writeln!(text, "{COVERED}{count} {what}");
        }
        format!("{text}turns {}, digest {:016x}\n", self.turns, self.digest)
    }

    /// The file for a viewer, if that was asked for. `hosts` are the names of the hosts.
    pub(crate) fn finish_view(&self, hosts: &[String], end: u64) -> Option<String> {
        self.view.as_ref().map(|view| view.finish(hosts, end))
    }
}
