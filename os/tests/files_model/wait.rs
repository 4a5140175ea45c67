//! Waiting for the operation in progress on a handle, and the state that is left if it never ran; the invariants stand
//! in `model`.

use super::program::Fault;
use super::state::{Busy, Change, From, OperationResult, State};
use super::states::{Set, closure, each, keep};

/// The states in which nothing goes on any more that was given up (I1).
pub(crate) fn without_given_up(states: Set, slot: usize) -> Set {
    let mut after = Set::new();
    for mut state in closure(states) {
        let Some(change) = state.at(slot).given_up.clone() else {
            after.insert(state);
            continue;
        };
        if !state.at(slot).given_up_has_ended {
            continue;
        }
        state.at(slot).given_up = None;
        match change {
            Change::SetLen(Some(from), _) => after.extend(not_moved(state, slot, from)),
            _ => drop(after.insert(state)),
        }
    }
    after
}

/// The user stands where they stood (I2): the handle still has what was read ahead, or has gone back, or will.
fn not_moved(mut state: State, slot: usize, from: From) -> Vec<State> {
    let index = state.at(slot).description;
    let mut gone_back = state.clone();
    let _ = gone_back.go_back(index, from.back());
    let mut owing = state.clone();
    owing.at(slot).owed = from.back();
    state.at(slot).unread = from.unread;
    state.at(slot).owed = from.owed;
    vec![gone_back, owing, state]
}

/// The same of a handle at which nothing goes on, and which others look at.
pub(crate) fn shown(states: Set, slot: usize) -> Set {
    let shown = states.into_iter().flat_map(|mut state| {
        let from = state.take_from(slot);
        not_moved(state, slot, from)
    });
    shown.collect()
}

/// Nothing is read ahead any more: the handle has gone back, or will before its next operation by the position.
pub(crate) fn undone(states: Set, slot: usize) -> Set {
    keep(shown(states, slot), |state| {
        state.at(slot).unread.is_empty()
    })
}

/// The states in which no operation goes on at the handle (I1). How the last one ended is still to be reported.
pub(crate) fn idle(states: Set, slot: usize) -> Set {
    let mut after = Set::new();
    for mut state in closure(without_given_up(states, slot)) {
        let Some(busy) = state.at(slot).busy.clone() else {
            after.insert(state);
            continue;
        };
        if !state.at(slot).busy_has_ended {
            continue;
        }
        let handle = state.at(slot);
        let from = handle.from.take();
        handle.busy = None;
        handle.told = Some(match busy {
            Busy::Write(_) => continue, // I2
            Busy::Read(_) => OperationResult::Read(Err(Fault::NotRun)),
            Busy::Seek(_) => OperationResult::Seek(Err(Fault::NotRun)),
        });
        match from {
            Some(from) => after.extend(not_moved(state, slot, from)),
            None => drop(after.insert(state)),
        }
    }
    after
}

/// The same, and the handle remembers what the last one left to tell.
pub(crate) fn settled(states: Set, slot: usize) -> Set {
    each(idle(states, slot), |state| remember(state, slot))
}

pub(crate) fn remember(state: &mut State, slot: usize) {
    let handle = state.at(slot);
    if let Some(OperationResult::Write(written)) = handle.told.take() {
        handle.failed = written.err();
    }
}

/// The states after an operation that was dropped: it has not begun, or it has waited, or it has begun in one
/// of the ways in `begun`.
pub(crate) fn dropped(states: Set, slot: usize, begun: Set) -> Set {
    let mut all = settled(states.clone(), slot);
    all.extend(states);
    all.extend(begun);
    closure(all)
}

/// The handle is idle, and the position is where the user stands.
pub(crate) fn gone_back(states: Set, slot: usize) -> Set {
    each(settled(states, slot), |state| {
        // Whoever has moved the position to where there is nothing to go back by finds it there.
        let _gone_back = go_back(state, slot);
    })
}

/// The handle goes back by what it has read ahead. If it cannot, it is as if it had been read.
pub(crate) fn go_back(state: &mut State, slot: usize) -> Result<(), Fault> {
    let from = state.take_from(slot);
    let index = state.at(slot).description;
    state.go_back(index, from.back())
}

/// Something that was given up may keep the open file, and its lock.
pub(crate) fn lingering(states: Set, slot: usize) -> Set {
    each(states, |state| state.description(slot).lingers = true)
}
