//! Reads and seeks by the position.

use super::program::{Fault, StepOutcome, Value};
use super::state::{Busy, OperationResult, SeekTarget, State};
use super::states::{Set, closure, explained, may_look};
use super::wait::{dropped, idle, lingering, remember, settled};

/// What one read hands out, of at most `limit` bytes and at most as many as were seen. The state is idle.
fn read_once(state: &mut State, slot: usize, limit: usize, most: usize) -> Result<Vec<u8>, Fault> {
    let handle = state.at(slot);
    let was_read = matches!(handle.told, Some(OperationResult::Read(_)));
    if let Some(OperationResult::Read(Err(fault))) = &handle.told {
        let fault = fault.clone();
        handle.told = None;
        return Err(fault);
    }
    remember(state, slot);
    let handle = state.at(slot);
    if was_read || !handle.unread.is_empty() || limit == 0 {
        let n = handle.unread.len().min(limit).min(most);
        return Ok(handle.unread.drain(..n).collect());
    }
    handle.unwritten.clear();
    let (index, limit) = (handle.description, limit.min(handle.max_buf));
    let owed = std::mem::take(&mut handle.owed);
    state.go_back(index, owed)?;
    state.read(index, limit.min(most))
}

/// The states in which a read of at most `limit` bytes has begun and goes on.
fn read_begun(states: Set, slot: usize, limit: usize) -> Set {
    let begun = settled(states, slot).into_iter().flat_map(|mut state| {
        let handle = state.at(slot);
        if !handle.unread.is_empty() {
            return Vec::new();
        }
        let limit = limit.min(handle.max_buf);
        state.begin(slot, Busy::Read(limit))
    });
    lingering(begun.collect(), slot)
}

pub(crate) fn read(states: Set, slot: usize, limit: usize, seen: &StepOutcome) -> Set {
    match seen {
        StepOutcome::Dropped => {
            let begun = read_begun(states.clone(), slot, limit);
            dropped(states, slot, begun)
        }
        StepOutcome::Done(outcome) => {
            let seen_count = match outcome {
                Ok(Value::Bytes(bytes)) => bytes.len(),
                _ => 0,
            };
            explained(idle(states, slot), |state| {
                // Fewer than there are is a read's good right, but not none of them.
                let most = seen_count.max(1);
                let read = read_once(state, slot, limit, most);
                (read.map(Value::Bytes) == *outcome).then_some(())
            })
        }
        StepOutcome::Nothing | StepOutcome::Both(..) => states,
    }
}

pub(crate) fn read_exact(states: Set, slot: usize, length: usize, seen: &StepOutcome) -> Set {
    let mut explaining = Set::new();
    let mut left: Vec<(State, Vec<u8>)> = idle(states.clone(), slot)
        .into_iter()
        .map(|state| (state, Vec::new()))
        .collect();
    // What was read by a future that was dropped is gone: only the next operation could have it.
    let mut given_up = states;
    while let Some((mut state, so_far)) = left.pop() {
        if !may_look(1) {
            return Set::new();
        }
        let wanted = length - so_far.len();
        if *seen == StepOutcome::Dropped {
            given_up.insert(state.clone());
            given_up.extend(read_begun(Set::from([state.clone()]), slot, wanted));
        }
        let outcome = match read_once(&mut state, slot, wanted, wanted) {
            Err(fault) => Err(fault),
            Ok(bytes) if bytes.is_empty() && wanted > 0 => Err(Fault::UnexpectedEof),
            Ok(bytes) if bytes.len() < wanted => {
                let so_far = [so_far, bytes].concat();
                let next = idle(Set::from([state]), slot);
                left.extend(next.into_iter().map(|state| (state, so_far.clone())));
                continue;
            }
            Ok(bytes) => Ok(Value::Bytes([so_far, bytes].concat())),
        };
        if *seen == StepOutcome::Done(outcome) {
            explaining.insert(state);
        }
    }
    match seen {
        StepOutcome::Dropped => closure(given_up),
        _ => explaining,
    }
}

/// Longer than any file.
const UNLIMITED: usize = 100_000;

pub(crate) fn read_to_end(states: Set, slot: usize, seen: &StepOutcome) -> Set {
    let mut explaining = Set::new();
    let mut given_up = states.clone();
    let start = idle(states, slot).into_iter();
    let mut left: Vec<(State, usize)> = start.map(|state| (state, 0)).collect();
    while let Some((mut state, count)) = left.pop() {
        if !may_look(1) {
            return Set::new();
        }
        let (wanted, expected) = match seen {
            StepOutcome::Done(Ok(Value::Bytes(bytes))) => {
                let rest = bytes.get(count..).unwrap_or_default();
                // If nothing is left, a look for more.
                (rest.len().max(1), Some(rest))
            }
            _ => (UNLIMITED, None),
        };
        if *seen == StepOutcome::Dropped {
            // What was read so far is gone with the future.
            given_up.insert(state.clone());
            given_up.extend(read_begun(Set::from([state.clone()]), slot, UNLIMITED));
        }
        match read_once(&mut state, slot, wanted, wanted) {
            Err(fault) => {
                if *seen == StepOutcome::Done(Err(fault)) {
                    explaining.insert(state);
                }
            }
            Ok(bytes) if bytes.is_empty() => {
                if expected.is_some_and(<[u8]>::is_empty) {
                    explaining.insert(state);
                } else if *seen == StepOutcome::Dropped {
                    given_up.insert(state);
                }
            }
            Ok(bytes) if expected.is_none_or(|rest| rest.starts_with(&bytes)) => {
                let count = count + bytes.len();
                let next = idle(Set::from([state]), slot);
                left.extend(next.into_iter().map(|state| (state, count)));
            }
            Ok(_) => {}
        }
    }
    match seen {
        StepOutcome::Dropped => closure(given_up),
        _ => explaining,
    }
}

pub(crate) fn seek(states: Set, slot: usize, goal: SeekTarget, seen: &StepOutcome) -> Set {
    let mut all = Set::new();
    let mut given_up = Set::new();
    for mut state in idle(states.clone(), slot) {
        // The failure of an operation that was given up is reported first.
        if let Some(OperationResult::Seek(Err(fault))) = state.at(slot).told.clone() {
            state.at(slot).told = None;
            if *seen == StepOutcome::Done(Err(fault)) {
                all.insert(state);
            }
            continue;
        }
        remember(&mut state, slot);
        let begun = Set::from_iter(state.begin(slot, Busy::Seek(goal)));
        if *seen == StepOutcome::Dropped {
            given_up.extend(begun);
            continue;
        }
        // Whoever waits for it gets its result.
        for mut state in idle(begun, slot) {
            if let Some(OperationResult::Seek(sought)) = state.at(slot).told.take() {
                if *seen == StepOutcome::Done(sought.map(Value::Position)) {
                    all.insert(state);
                }
            }
        }
    }
    match seen {
        StepOutcome::Dropped => lingering(dropped(states, slot, given_up), slot),
        _ => all,
    }
}
