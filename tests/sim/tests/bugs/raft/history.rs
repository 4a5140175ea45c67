//! What clients have seen, and whether one register that is read and written at once, at some moment of each call, explains it.
//!
//! # Source
//! Jeannette Wing and Chun Gong, "Testing and verifying concurrent objects" (1993), with Gavin Lowe's memory of states that
//! were tried (2017).

use std::collections::HashSet;
use std::sync::Mutex;

/// A call as one client saw it. The numbers order all beginnings and ends.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) key: u64,
    pub(super) begin: u64,
    /// None if no answer came: it may be done at any time, or never.
    pub(super) end: Option<u64>,
    /// The value that was written, or that was read.
    pub(super) value: u64,
    pub(super) is_write: bool,
}

/// All calls of a run.
#[derive(Debug, Default)]
pub(super) struct History {
    calls: Mutex<Vec<Call>>,
    moment: std::sync::atomic::AtomicU64,
}

/// Calls that one key may have.
const CALLS: usize = 128;

impl History {
    /// The number of this moment.
    pub(super) fn now(&self) -> u64 {
        // One thread runs at a time: the numbers are in the order of what happens.
        self.moment
            .fetch_add(1, std::sync::atomic::Ordering::SeqCst)
    }

    pub(super) fn add(&self, call: Call) {
        self.calls.lock().unwrap().push(call);
    }

    pub(super) fn len(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    /// Asserts that each key was one register.
    pub(super) fn check(&self, keys: u64) {
        let calls = self.calls.lock().unwrap();
        for key in 0..keys {
            let of_key: Vec<_> = calls.iter().filter(|call| call.key == key).collect();
            let read = |value| {
                of_key
                    .iter()
                    .any(|call| !call.is_write && call.value == value)
            };
            // A write that nobody knows of need not have been done, if nobody has read it.
            let matters = |call: &&&Call| call.end.is_some() || read(call.value);
            let mut of_key: Vec<_> = of_key.iter().filter(matters).copied().cloned().collect();
            of_key.sort_by_key(|call| call.begin);
            let text = || of_key.iter().map(|call| format!("\n{call:?}"));
            assert!(
                is_register(&of_key),
                "not linearizable: key {key}{}",
                text().collect::<String>()
            );
        }
    }
}

/// Whether the calls can be done one after the other.
fn is_register(calls: &[Call]) -> bool {
    assert!(calls.len() <= CALLS, "at most {CALLS} calls for a key");
    let answered = |done: u128, at: usize| calls[at].end.is_none() || done >> at & 1 == 1;
    let mut tried = HashSet::new();
    let mut states = vec![(0_u128, 0_u64)];
    while let Some((done, value)) = states.pop() {
        if (0..calls.len()).all(|at| answered(done, at)) {
            return true;
        }
        if !tried.insert((done, value)) {
            continue;
        }
        let left = || (0..calls.len()).filter(|at| done >> at & 1 == 0);
        // What has begun after another has ended is not done before it.
        let first_end = left().filter_map(|at| calls[at].end).min();
        for at in left().filter(|&at| first_end.is_none_or(|end| calls[at].begin < end)) {
            let call = &calls[at];
            if call.is_write || call.value == value {
                states.push((done | 1 << at, call.value));
            }
        }
    }
    false
}

#[cfg(test)]
fn call(is_write: bool, value: u64, begin: u64, end: impl Into<Option<u64>>) -> Call {
    Call {
        key: 0,
        begin,
        end: end.into(),
        value,
        is_write,
    }
}

#[test]
fn calls_one_after_the_other_are_a_register() {
    let calls = [call(true, 1, 0, 1), call(false, 1, 2, 3)];
    assert!(is_register(&calls));
    let stale = [
        call(true, 1, 0, 1),
        call(true, 2, 2, 3),
        call(false, 1, 4, 5),
    ];
    assert!(!is_register(&stale));
}

#[test]
fn calls_at_the_same_time_have_either_order() {
    let either = [
        call(true, 1, 0, 5),
        call(true, 2, 1, 4),
        call(false, 1, 6, 7),
    ];
    assert!(is_register(&either));
    let both = [
        call(true, 1, 0, 5),
        call(true, 2, 1, 4),
        call(false, 1, 6, 7),
        call(false, 2, 8, 9),
    ];
    assert!(!is_register(&both));
}

#[test]
fn a_call_without_an_answer_is_done_late_or_never() {
    let late = [
        call(true, 1, 0, None),
        call(false, 0, 1, 2),
        call(false, 1, 3, 4),
    ];
    assert!(is_register(&late));
    let undone = [
        call(true, 1, 0, None),
        call(false, 1, 1, 2),
        call(false, 0, 3, 4),
    ];
    assert!(!is_register(&undone));
}
