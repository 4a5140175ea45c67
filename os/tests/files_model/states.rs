//! Sets of states, and the limit on how many of them a program may have.

use std::cell::Cell;
use std::collections::HashSet;

use super::state::State;

pub(crate) type Set = HashSet<State>;

/// Looks at states that a program is worth.
const MOST_LOOKS: usize = 60_000;

thread_local! {
    /// Looks that are left.
    static LOOKS: Cell<usize> = const { Cell::new(0) };
}

/// A program begins, with all its looks.
pub(crate) fn begin_looks() {
    LOOKS.set(MOST_LOOKS);
}

/// Takes `count` looks; whether there are any left.
pub(crate) fn may_look(count: usize) -> bool {
    LOOKS.with(|looks| {
        looks.set(looks.get().saturating_sub(count));
        looks.get() > 0
    })
}

/// Each state, changed.
pub(crate) fn each(states: Set, change: impl Fn(&mut State)) -> Set {
    let changed = states.into_iter().map(|mut state| {
        change(&mut state);
        state
    });
    changed.collect()
}

pub(crate) fn keep(states: Set, mut holds: impl FnMut(&mut State) -> bool) -> Set {
    let kept = states.into_iter().filter_map(|mut state| {
        let before = state.clone();
        holds(&mut state).then_some(before)
    });
    kept.collect()
}

/// The states, and all that may follow without anybody doing anything.
pub(crate) fn closure(states: Set) -> Set {
    let mut left: Vec<State> = states.iter().cloned().collect();
    let mut all = states;
    while let Some(state) = left.pop() {
        let next = state.successors();
        if !may_look(1 + next.len()) {
            return Set::new();
        }
        for next in next {
            if all.insert(next.clone()) {
                left.push(next);
            }
        }
    }
    all
}

/// The states in which `change` says that it is what was seen, after it.
pub(crate) fn explained(states: Set, change: impl Fn(&mut State) -> Option<()>) -> Set {
    let after = states.into_iter().filter_map(|mut state| {
        change(&mut state)?;
        Some(state)
    });
    after.collect()
}
