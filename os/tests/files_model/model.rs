//! What the documentation promises, as the set of all states in which a program may be.
//!
//! Idea        Each event that was seen leaves the states that explain it, with what follows from it. An operation whose future
//!             was dropped may have had no effect, may be done, or may be done later: all of these are states. If no
//!             state explains an event, the file has broken a promise.
//! Invariants  I1 an operation on a handle waits for the one in progress on the same handle, even if the future of that was
//!                dropped (decision 181); `metadata` does not wait for a write of the traits, and `as_fd` waits for nothing.
//!             I2 an operation that its runtime ended before it ran has no effect at all: the position is what it was.
//!                Only a write that was accepted is done whatever happens to the runtime (decision 52).
//!             I3 bytes that a dropped read has read ahead are handed out by the next read, even if other handles have
//!                changed the file since; bytes written by the same handle are seen. Clones and std's file have the user's
//!                position; that of a descriptor may be behind what was read ahead.

use super::program::{CONTENT, Event, Fault, Lock, Mode, Op, StdOp, Step, StepOutcome, Value};
use super::reads::{read, read_exact, read_to_end, seek};
use super::shared::{changed, lock_waiting, looked};
use super::state::{Description, Handle, SeekTarget, State};
use super::states::{Set, begin_looks, closure, each, explained, keep, may_look};
use super::wait::{
    dropped, go_back, gone_back, lingering, settled, shown, undone, without_given_up,
};
use super::writes::{flushed, flushed_or_dropped, write, write_all};

/// Bytes that one operation moves at most, if nobody chose.
const DEFAULT_MAX_BUF: usize = 2 * 1024 * 1024;

/// Why a program is not explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnexplainedReason {
    /// No state explains the event of this number.
    Event(usize),
    /// There are too many states to follow.
    TooMany,
}

/// Whether the promises explain what was seen.
pub(crate) fn explain(events: &[Event]) -> Result<(), UnexplainedReason> {
    let mut states = Set::from([State::new(CONTENT.to_vec())]);
    begin_looks();
    for (number, event) in events.iter().enumerate() {
        states = after(states, event);
        if !may_look(states.len()) {
            return Err(UnexplainedReason::TooMany);
        }
        if states.is_empty() {
            return Err(UnexplainedReason::Event(number));
        }
    }
    Ok(())
}

fn after(states: Set, event: &Event) -> Set {
    match event {
        Event::Did(_, StepOutcome::Nothing) => states,
        Event::Did(step, seen) => did(states, step, seen),
        Event::Ended => each(states, |state| {
            let slots = state.handles.iter_mut().flatten();
            for handle in slots.chain(&mut state.closed) {
                handle.busy_has_ended = handle.busy.is_some();
                handle.given_up_has_ended = handle.given_up.is_some();
            }
        }),
        Event::Left(slot, content, position) => {
            let left = gone_back(states, *slot);
            keep(left, |state| {
                state.description(*slot).position == *position && state.content(*slot) == content
            })
        }
        Event::LeftAtPath(content) => keep(closure(states), |state| {
            state.inodes[state.named] == *content
        }),
    }
}

fn did(states: Set, step: &Step, seen: &StepOutcome) -> Set {
    match step {
        Step::On(_, _, Some(0)) => states,
        Step::On(slot, op, _) => on(states, *slot, op, seen),
        Step::Both(slot, left, right) => match seen {
            StepOutcome::Both(of_left, of_right) => {
                both(states, *slot, (left, of_left), (right, of_right))
            }
            _ => Set::new(),
        },
        // Of others, nobody sees whether they were.
        Step::OpenAndDrop(mode, _) if *mode != Mode::Truncate => states,
        Step::OpenAndDrop(..) => match seen {
            StepOutcome::Dropped => {
                let mut all = states.clone();
                all.extend(each(states, |state| state.truncating += 1));
                all
            }
            _ => each(closure(states), |state| state.inodes[state.named].clear()),
        },
        Step::Open(slot, mode) => each(closure(states), |state| open(state, *slot, *mode)),
        Step::Close(slot) => each(states, |state| close(state, *slot)),
        Step::Clone(from, to, polls) => match seen {
            StepOutcome::Dropped if *polls == Some(0) => states,
            StepOutcome::Dropped => {
                let begun = shown(settled(states.clone(), *from), *from);
                let waited = dropped(states, *from, begun);
                each(waited, |state| state.description(*from).lingers = true)
            }
            StepOutcome::Done(outcome) => explained(settled(states, *from), |state| {
                let gone_back = go_back(state, *from);
                if gone_back.is_ok() {
                    let from = state.at(*from);
                    let clone = Handle::new(from.description, from.max_buf);
                    state.handles[*to] = Some(clone);
                }
                (gone_back.err() == outcome.clone().err()).then_some(())
            }),
            _ => Set::new(),
        },
        Step::ThroughStd(slot) => anew(gone_back(states, *slot), *slot),
        // It may be refused for as long as something holds the file that nobody waits for.
        Step::TryThroughStd(_) if matches!(seen, StepOutcome::Done(Err(_))) => states,
        Step::TryThroughStd(slot) => anew(shown(settled(states, *slot), *slot), *slot),
        Step::ByDescriptor(slot, op) => {
            let StepOutcome::Done(outcome) = seen else {
                return Set::new();
            };
            explained(shown(closure(states), *slot), |state| {
                (by_descriptor(state, *slot, op) == *outcome).then_some(())
            })
        }
        Step::SetMaxBuf(slot, size) => each(states, |state| state.at(*slot).max_buf = *size),
        Step::Replace(_, Some(0)) => states,
        Step::Replace(bytes, _) => match seen {
            StepOutcome::Dropped => {
                let mut all = states.clone();
                all.extend(each(states, |state| state.replacing.push(*bytes)));
                all
            }
            StepOutcome::Done(Ok(_)) => each(closure(states), |state| state.replace(*bytes)),
            _ => Set::new(),
        },
        Step::Hold | Step::Release | Step::Drain => states,
    }
}

/// The states after two operations at once: one was before the other.
fn both(
    states: Set,
    slot: usize,
    left: (&Op, &Result<Value, Fault>),
    right: (&Op, &Result<Value, Fault>),
) -> Set {
    let then = |first: (&Op, &Result<Value, Fault>), second: (&Op, &Result<Value, Fault>)| {
        let after_first = on(
            states.clone(),
            slot,
            first.0,
            &StepOutcome::Done(first.1.clone()),
        );
        on(
            after_first,
            slot,
            second.0,
            &StepOutcome::Done(second.1.clone()),
        )
    };
    let mut all = then(left, right);
    all.extend(then(right, left));
    all
}

fn open(state: &mut State, slot: usize, mode: Mode) {
    if mode == Mode::Truncate {
        state.inodes[state.named].clear();
    }
    state.handles[slot] = Some(Handle::new(state.descriptions.len(), DEFAULT_MAX_BUF));
    state.descriptions.push(Description {
        inode: state.named,
        mode,
        position: 0,
        lock: Lock::None,
        lingers: false,
    });
}

fn close(state: &mut State, slot: usize) {
    let handle = state.handles[slot].take().expect("the slot is not empty");
    let index = handle.description;
    if !handle.is_idle() {
        state.closed.push(handle);
    }
    let open = state.handles.iter().flatten().chain(&state.closed);
    let is_open = open.into_iter().any(|other| other.description == index);
    let description = &mut state.descriptions[index];
    if !is_open && !description.lingers {
        description.lock = Lock::None;
    }
}

/// The handle has become std's, and is new again.
fn anew(states: Set, slot: usize) -> Set {
    each(states, |state| {
        let index = state.at(slot).description;
        *state.at(slot) = Handle::new(index, DEFAULT_MAX_BUF);
    })
}

fn by_descriptor(state: &mut State, slot: usize, op: &StdOp) -> Result<Value, Fault> {
    let index = state.at(slot).description;
    match op {
        StdOp::Read(length) => state.read(index, *length).map(Value::Bytes),
        StdOp::Write(bytes) => state.write(index, &bytes.to_vec()).map(Value::Count),
        StdOp::Seek(position) => {
            let sought = state.seek(index, SeekTarget::from(*position));
            sought.map(Value::Position)
        }
    }
}

/// The states after an operation on a handle of which `seen` was seen.
fn on(states: Set, slot: usize, op: &Op, seen: &StepOutcome) -> Set {
    match op {
        Op::Read(length) => read(states, slot, *length, seen),
        Op::ReadExact(length) => read_exact(states, slot, *length, seen),
        Op::ReadToEnd => read_to_end(states, slot, seen),
        Op::Write(bytes) | Op::WriteVectored(bytes) => write(states, slot, *bytes, seen),
        Op::WriteAll(bytes) => write_all(states, slot, *bytes, seen),
        Op::Flush | Op::Shutdown => match seen {
            StepOutcome::Dropped => flushed_or_dropped(states, slot),
            StepOutcome::Done(outcome) => keep(flushed(states, slot), |state| {
                state.at(slot).failed == outcome.clone().err()
            }),
            StepOutcome::Nothing | StepOutcome::Both(..) => states,
        },
        Op::Seek(position) => seek(states, slot, SeekTarget::from(*position), seen),
        Op::StreamPosition => seek(states, slot, SeekTarget::Current(0), seen),
        Op::ReadAt(..) | Op::ReadExactAt(..) | Op::Metadata => looked(states, slot, op, seen),
        Op::SyncData | Op::SyncAll => match seen {
            StepOutcome::Dropped => lingering(dropped(states, slot, Set::new()), slot),
            StepOutcome::Done(outcome) => keep(settled(states, slot), |state| {
                state.at(slot).failed == outcome.clone().err()
            }),
            StepOutcome::Nothing | StepOutcome::Both(..) => states,
        },
        Op::Lock(lock) => lock_waiting(states, slot, *lock, seen),
        Op::TryLock(_) | Op::SetPermissions => {
            let waited = without_given_up(states.clone(), slot);
            changed(states, waited, slot, op, seen)
        }
        Op::WriteAt(..) | Op::WriteAllAt(..) => {
            let waited = undone(settled(states.clone(), slot), slot);
            changed(states, waited, slot, op, seen)
        }
        _ => {
            let waited = settled(states.clone(), slot);
            changed(states, waited, slot, op, seen)
        }
    }
}
