//! What happened, in order: the same seed gives the same trace, byte for byte.

use std::fmt::{Display, Write};
use std::time::Duration;

use crate::ids::ThreadId;

/// If it is set, a trace has every turn.
const TURNS: &str = "SELKIE_SIM_TURNS";

/// The trace of a run: notes in words, and a digest of every turn.
#[derive(Debug)]
pub(crate) struct Trace {
    text: String,
    digest: u64,
    turns: u64,
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
            writes_turns: std::env::var_os(TURNS).is_some(),
        }
    }

    fn mix(&mut self, value: u64) {
        // FNV-1a, by words.
        self.digest = (self.digest ^ value).wrapping_mul(0x0100_0000_01b3);
    }

    /// A thread got the turn.
    pub(crate) fn turn(&mut self, now: u64, thread: ThreadId) {
        self.turns += 1;
        self.mix(now);
        self.mix(u64::from(thread.0));
        if self.writes_turns {
            let at = Duration::from_nanos(now);
            let _written = writeln!(self.text, "{at:>14?}  turn       thread {}", thread.0);
        }
    }

    /// Something that a reader wants to know.
    pub(crate) fn note(&mut self, now: u64, host: &str, what: impl Display) {
        let at = Duration::from_nanos(now);
        let what = what.to_string().replace('\n', " ");
        let _written = writeln!(self.text, "{at:>14?}  {host:<10} {what}");
        self.mix(now);
    }

    /// The whole trace.
    pub(crate) fn finish(&self) -> String {
        format!(
            "{}turns {}, digest {:016x}\n",
            self.text, self.turns, self.digest
        )
    }
}
