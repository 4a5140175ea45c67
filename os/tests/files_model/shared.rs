//! Operations of `&self`: metadata, changes, locks.

use super::program::{Fault, Lock, Op, StepOutcome, Value};
use super::state::{Change, State};
use super::states::{Set, closure, each, keep};
use super::wait::{dropped, lingering, settled, without_given_up};

/// The states after an operation that changes nothing, not even the position.
pub(crate) fn looked(states: Set, slot: usize, op: &Op, seen: &StepOutcome) -> Set {
    if *seen == StepOutcome::Dropped {
        return lingering(dropped(states, slot, Set::new()), slot);
    }
    let waited = match op {
        Op::Metadata => without_given_up(states, slot), // I1
        _ => settled(states, slot),
    };
    keep(waited, |state| {
        let index = state.at(slot).description;
        let length = state.content(slot).len();
        let outcome = match op {
            Op::ReadAt(limit, offset) => {
                let read = state.read_at(index, *limit, *offset);
                // Fewer than there are is a read's good right.
                match (read, seen) {
                    (Ok(mut bytes), StepOutcome::Done(Ok(Value::Bytes(got)))) => {
                        bytes.truncate(got.len().max(1));
                        Ok(Value::Bytes(bytes))
                    }
                    (read, _) => read.map(Value::Bytes),
                }
            }
            Op::ReadExactAt(limit, offset) => match state.read_at(index, *limit, *offset) {
                Ok(bytes) if bytes.len() < *limit => Err(Fault::UnexpectedEof),
                read => read.map(Value::Bytes),
            },
            _ => Ok(Value::Position(length as u64)),
        };
        *seen == StepOutcome::Done(outcome)
    })
}

/// What `op` changes, once the handle is idle.
fn change_of(state: &mut State, slot: usize, op: &Op) -> Change {
    match op {
        Op::SetLen(length) => {
            let from = state.take_from(slot);
            Change::SetLen((from.back() > 0).then_some(from), *length)
        }
        Op::WriteAt(bytes, offset) | Op::WriteAllAt(bytes, offset) => {
            Change::WriteAt(*bytes, *offset)
        }
        Op::Fallocate(offset, length) => Change::Fallocate(offset + length),
        Op::TryLock(lock) => Change::Lock(*lock),
        _ => Change::Unseen,
    }
}

/// The states after an operation of `&self` that changes something; `waited` are those in which it may begin.
pub(crate) fn changed(states: Set, waited: Set, slot: usize, op: &Op, seen: &StepOutcome) -> Set {
    if *seen == StepOutcome::Dropped {
        let mut all_waited = states.clone();
        all_waited.extend(waited.iter().cloned());
        let begun = each(waited, |state| {
            let change = change_of(state, slot, op);
            let handle = state.at(slot);
            handle.given_up = Some(change);
            handle.given_up_has_ended = false;
        });
        all_waited.extend(dropped(states, slot, lingering(begun, slot)));
        return all_waited;
    }
    let StepOutcome::Done(seen) = seen else {
        return states;
    };
    let mut all = Set::new();
    for mut state in waited {
        let index = state.at(slot).description;
        let change = change_of(&mut state, slot, op);
        let value = match op {
            Op::WriteAt(bytes, _) => Value::Count(bytes.length),
            _ => Value::Unit,
        };
        let outcome = state.changed(index, &change);
        if *seen == outcome.map(|()| value) {
            all.insert(state);
        }
    }
    all
}

/// The states after waiting for a lock. Once the future is dropped, it is taken or not.
pub(crate) fn lock_waiting(states: Set, slot: usize, lock: Lock, seen: &StepOutcome) -> Set {
    let waited = without_given_up(states.clone(), slot);
    let mut all = Set::new();
    for mut state in waited {
        let index = state.at(slot).description;
        let has_rival = state.has_rival(index, lock);
        let _outcome = state.changed(index, &Change::Lock(lock));
        match seen {
            StepOutcome::Done(Ok(_)) if !has_rival => {
                all.insert(state);
            }
            StepOutcome::Dropped => {
                all.insert(state);
            }
            _ => {}
        }
    }
    if *seen == StepOutcome::Dropped {
        all.extend(states);
        return lingering(closure(all), slot);
    }
    all
}
