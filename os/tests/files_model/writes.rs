//! Writes by the position, and flushes, which try again what is left of them.

use super::program::{Bytes, Fault, StepOutcome, Value};
use super::state::{Busy, State};
use super::states::{Set, may_look};
use super::wait::{dropped, settled};

/// The states after a flush, before it says whether a write has failed: the rest of one is tried again.
pub(crate) fn flushed(states: Set, slot: usize) -> Set {
    settled(tried_again(settled(states, slot), slot), slot)
}

fn tried_again(states: Set, slot: usize) -> Set {
    let tried = states.into_iter().flat_map(|mut state| {
        let rest = std::mem::take(&mut state.at(slot).unwritten);
        if rest.is_empty() {
            vec![state]
        } else {
            state.begin(slot, Busy::Write(rest))
        }
    });
    tried.collect()
}

pub(crate) fn flushed_or_dropped(states: Set, slot: usize) -> Set {
    let tried = tried_again(settled(states.clone(), slot), slot);
    dropped(states, slot, tried)
}

/// A state in which a write fails, since one before has.
fn fails(state: &mut State, slot: usize) -> Option<Fault> {
    let handle = state.at(slot);
    let fault = handle.failed.clone()?;
    if handle.unwritten.is_empty() {
        handle.failed = None;
    }
    Some(fault)
}

/// Takes as much of `bytes` as one write takes, and says how much.
fn take(mut state: State, slot: usize, bytes: &[u8]) -> (Vec<State>, usize) {
    let n = bytes.len().min(state.at(slot).max_buf);
    (state.begin(slot, Busy::Write(bytes[..n].to_vec())), n)
}

pub(crate) fn write(states: Set, slot: usize, bytes: Bytes, seen: &StepOutcome) -> Set {
    match seen {
        // What was not said to be taken was not taken.
        StepOutcome::Dropped => flushed_or_dropped(states, slot),
        StepOutcome::Done(outcome) => {
            let mut explaining = Set::new();
            for mut state in flushed(states, slot) {
                if let Some(fault) = fails(&mut state, slot) {
                    if *outcome == Err(fault) {
                        explaining.insert(state);
                    }
                    continue;
                }
                let (taken, n) = take(state, slot, &bytes.to_vec());
                if *outcome == Ok(Value::Count(n)) {
                    explaining.extend(taken);
                }
            }
            explaining
        }
        StepOutcome::Nothing | StepOutcome::Both(..) => states,
    }
}

pub(crate) fn write_all(states: Set, slot: usize, bytes: Bytes, seen: &StepOutcome) -> Set {
    let bytes = bytes.to_vec();
    let mut given_up = flushed_or_dropped(states.clone(), slot);
    let mut explaining = Set::new();
    let mut left: Vec<(State, usize)> = states.into_iter().map(|state| (state, 0)).collect();
    while let Some((state, done)) = left.pop() {
        if done == bytes.len() {
            if *seen == StepOutcome::Done(Ok(Value::Unit)) {
                explaining.insert(state);
            }
            continue;
        }
        let before = Set::from([state]);
        if *seen == StepOutcome::Dropped {
            given_up.extend(flushed_or_dropped(before.clone(), slot));
        }
        for mut state in flushed(before, slot) {
            if let Some(fault) = fails(&mut state, slot) {
                if *seen == StepOutcome::Done(Err(fault)) {
                    explaining.insert(state);
                }
                continue;
            }
            let (taken, n) = take(state, slot, &bytes[done..]);
            left.extend(taken.into_iter().map(|state| (state, done + n)));
        }
        if !may_look(1) {
            return Set::new();
        }
    }
    match seen {
        StepOutcome::Dropped => given_up,
        _ => explaining,
    }
}
