//! What must hold of all replicas together, whenever somebody looks.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use super::message::Entry;

/// Sees what replicas do, and notes the first thing that must not be.
#[derive(Debug, Default)]
pub(super) struct Observer {
    leaders: Mutex<BTreeMap<u64, String>>,
    /// The entries that somebody has applied, in their order.
    applied: Mutex<Vec<Entry>>,
    wrong: OnceLock<String>,
}

impl Observer {
    fn note(&self, what: impl FnOnce() -> String) {
        self.wrong.get_or_init(what);
    }

    /// `name` leads in `term`.
    pub(super) fn leads(&self, term: u64, name: &str) {
        let mut leaders = self.leaders.lock().unwrap();
        let leader = leaders.entry(term).or_insert_with(|| name.to_owned());
        if leader != name {
            self.note(|| format!("term {term} has two leaders: {leader} and {name}"));
        }
    }

    /// The last term that has a leader, and that leader.
    pub(super) fn last_leader(&self) -> Option<(u64, String)> {
        let leaders = self.leaders.lock().unwrap();
        let last = leaders.last_key_value();
        last.map(|(&term, leader)| (term, leader.clone()))
    }

    /// `name` applies an entry behind `before` others.
    pub(super) fn applies(&self, name: &str, before: usize, entry: &Entry) {
        let mut applied = self.applied.lock().unwrap();
        match applied.get(before) {
            None => applied.push(entry.clone()),
            Some(other) if other == entry => (),
            Some(other) => self.note(|| {
                format!("logs differ: behind {before} entries {name} applies {entry:?}, another {other:?}")
            }),
        }
    }

    /// Whether all was well so far.
    pub(super) fn holds(&self) -> Result<(), String> {
        self.wrong.get().map_or(Ok(()), |wrong| Err(wrong.clone()))
    }
}
