//! What the documentation promises, as the set of all states in which a program may be.
//!
//! Idea        Each event that was seen leaves the states that explain it, with what follows from it. An operation whose future
//!             was dropped may have had no effect, may be done, or may be done later: all of these are states. If no
//!             state explains an event, the file has broken its word.
//! Invariants  I1 an operation on a handle waits for what goes on with the same handle, also if that was given up
//!                (decision 181); `metadata` does not wait for a write of the traits, and `as_fd` waits for nothing.
//!             I2 what the runtime ended before it was done has no effect at all: the user stands where they stood.
//!                Only a write that was taken is done whatever happens to the runtime (decision 52).
//!             I3 what was read ahead by a read that was given up is handed out by the next read as it was then, also if other handles have
//!                changed the file since; what was written by the same handle is seen. Clones and std's file stand where the
//!                user stands; a descriptor may stand behind what was read ahead.

use std::cell::Cell;
use std::collections::HashSet;

use super::program::{Bytes, CONTENT, Event, Fault, Lock, Mode, Op, Seen, StdOp, Step, Value};
use super::state::{Busy, Change, Description, From, Goal, Handle, State, Told};

/// Bytes that one operation moves at most, if nobody chose.
const DEFAULT_MAX_BUF: usize = 2 * 1024 * 1024;
/// Looks at states that a program is worth.
const MOST_LOOKS: usize = 60_000;

thread_local! {
    /// Looks that are left.
    static LOOKS: Cell<usize> = const { Cell::new(0) };
}

/// Takes `count` looks; whether there are any left.
fn may_look(count: usize) -> bool {
    LOOKS.with(|looks| {
        looks.set(looks.get().saturating_sub(count));
        looks.get() > 0
    })
}

/// Why a program is not explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unexplained {
    /// No state explains the event of this number.
    Event(usize),
    /// There are too many states to follow.
    TooMany,
}

type Set = HashSet<State>;

/// Whether the promises explain what was seen.
pub(crate) fn explain(events: &[Event]) -> Result<(), Unexplained> {
    let mut states = Set::from([State::new(CONTENT.to_vec())]);
    LOOKS.set(MOST_LOOKS);
    for (number, event) in events.iter().enumerate() {
        states = after(states, event);
        if !may_look(states.len()) {
            return Err(Unexplained::TooMany);
        }
        if states.is_empty() {
            return Err(Unexplained::Event(number));
        }
    }
    Ok(())
}

fn after(states: Set, event: &Event) -> Set {
    match event {
        Event::Did(_, Seen::Nothing) => states,
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

/// Each state, changed.
fn each(states: Set, change: impl Fn(&mut State)) -> Set {
    let changed = states.into_iter().map(|mut state| {
        change(&mut state);
        state
    });
    changed.collect()
}

fn keep(states: Set, mut holds: impl FnMut(&mut State) -> bool) -> Set {
    let kept = states.into_iter().filter_map(|mut state| {
        let before = state.clone();
        holds(&mut state).then_some(before)
    });
    kept.collect()
}

/// The states, and all that may follow without anybody doing anything.
fn closure(states: Set) -> Set {
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

/// The states in which nothing goes on any more that was given up (I1).
fn without_given_up(states: Set, slot: usize) -> Set {
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
fn shown(states: Set, slot: usize) -> Set {
    let shown = states.into_iter().flat_map(|mut state| {
        let from = state.take_from(slot);
        not_moved(state, slot, from)
    });
    shown.collect()
}

/// The states in which no operation goes on at the handle (I1). How the last one ended is still to be told.
fn idle(states: Set, slot: usize) -> Set {
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
            Busy::Read(_) => Told::Read(Err(Fault::NotRun)),
            Busy::Seek(_) => Told::Seek(Err(Fault::NotRun)),
        });
        match from {
            Some(from) => after.extend(not_moved(state, slot, from)),
            None => drop(after.insert(state)),
        }
    }
    after
}

/// The same, and the handle remembers what the last one left to tell.
fn settled(states: Set, slot: usize) -> Set {
    each(idle(states, slot), |state| remember(state, slot))
}

fn remember(state: &mut State, slot: usize) {
    let handle = state.at(slot);
    if let Some(Told::Write(written)) = handle.told.take() {
        handle.failed = written.err();
    }
}

/// The states after an operation that was dropped: it has not begun, or it has waited, or it has begun in one
/// of the ways in `begun`.
fn dropped(states: Set, slot: usize, begun: Set) -> Set {
    let mut all = settled(states.clone(), slot);
    all.extend(states);
    all.extend(begun);
    closure(all)
}

fn did(states: Set, step: &Step, seen: &Seen) -> Set {
    match step {
        Step::On(_, _, Some(0)) => states,
        Step::On(slot, op, _) => on(states, *slot, op, seen),
        Step::Both(slot, left, right) => match seen {
            Seen::Both(of_left, of_right) => {
                both(states, *slot, (left, of_left), (right, of_right))
            }
            _ => Set::new(),
        },
        // Of others, nobody sees whether they were.
        Step::OpenAndDrop(mode, _) if *mode != Mode::Truncate => states,
        Step::OpenAndDrop(..) => match seen {
            Seen::Dropped => {
                let mut all = states.clone();
                all.extend(each(states, |state| state.truncating += 1));
                all
            }
            _ => each(closure(states), |state| state.inodes[state.named].clear()),
        },
        Step::Open(slot, mode) => each(closure(states), |state| open(state, *slot, *mode)),
        Step::Close(slot) => each(states, |state| close(state, *slot)),
        Step::Clone(from, to, polls) => match seen {
            Seen::Dropped if *polls == Some(0) => states,
            Seen::Dropped => {
                let begun = shown(settled(states.clone(), *from), *from);
                let waited = dropped(states, *from, begun);
                each(waited, |state| state.description(*from).lingers = true)
            }
            Seen::Done(outcome) => explained(settled(states, *from), |state| {
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
        Step::TryThroughStd(_) if matches!(seen, Seen::Done(Err(_))) => states,
        Step::TryThroughStd(slot) => anew(shown(settled(states, *slot), *slot), *slot),
        Step::ByDescriptor(slot, op) => {
            let Seen::Done(outcome) = seen else {
                return Set::new();
            };
            explained(shown(closure(states), *slot), |state| {
                (by_descriptor(state, *slot, op) == *outcome).then_some(())
            })
        }
        Step::SetMaxBuf(slot, size) => each(states, |state| state.at(*slot).max_buf = *size),
        Step::Replace(_, Some(0)) => states,
        Step::Replace(bytes, _) => match seen {
            Seen::Dropped => {
                let mut all = states.clone();
                all.extend(each(states, |state| state.replacing.push(*bytes)));
                all
            }
            Seen::Done(Ok(_)) => each(closure(states), |state| state.replace(*bytes)),
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
        let after_first = on(states.clone(), slot, first.0, &Seen::Done(first.1.clone()));
        on(after_first, slot, second.0, &Seen::Done(second.1.clone()))
    };
    let mut all = then(left, right);
    all.extend(then(right, left));
    all
}

/// The states in which `change` says that it is what was seen, after it.
fn explained(states: Set, change: impl Fn(&mut State) -> Option<()>) -> Set {
    let after = states.into_iter().filter_map(|mut state| {
        change(&mut state)?;
        Some(state)
    });
    after.collect()
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

/// Nothing is read ahead any more: the handle has gone back, or will before its next operation by the position.
fn undone(states: Set, slot: usize) -> Set {
    keep(shown(states, slot), |state| {
        state.at(slot).unread.is_empty()
    })
}

/// The handle is idle, and the position is where the user stands.
fn gone_back(states: Set, slot: usize) -> Set {
    each(settled(states, slot), |state| {
        // Whoever has moved the position to where there is nothing to go back by finds it there.
        let _gone_back = go_back(state, slot);
    })
}

/// The handle goes back by what it has read ahead. If it cannot, it is as if it had been read.
fn go_back(state: &mut State, slot: usize) -> Result<(), Fault> {
    let from = state.take_from(slot);
    let index = state.at(slot).description;
    state.go_back(index, from.back())
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
            let sought = state.seek(index, Goal::from(*position));
            sought.map(Value::Position)
        }
    }
}

/// The states after an operation on a handle of which `seen` was seen.
fn on(states: Set, slot: usize, op: &Op, seen: &Seen) -> Set {
    match op {
        Op::Read(length) => read(states, slot, *length, seen),
        Op::ReadExact(length) => read_exact(states, slot, *length, seen),
        Op::ReadToEnd => read_to_end(states, slot, seen),
        Op::Write(bytes) | Op::WriteVectored(bytes) => write(states, slot, *bytes, seen),
        Op::WriteAll(bytes) => write_all(states, slot, *bytes, seen),
        Op::Flush | Op::Shutdown => match seen {
            Seen::Dropped => flushed_or_dropped(states, slot),
            Seen::Done(outcome) => keep(flushed(states, slot), |state| {
                state.at(slot).failed == outcome.clone().err()
            }),
            Seen::Nothing | Seen::Both(..) => states,
        },
        Op::Seek(position) => seek(states, slot, Goal::from(*position), seen),
        Op::StreamPosition => seek(states, slot, Goal::Current(0), seen),
        Op::ReadAt(..) | Op::ReadExactAt(..) | Op::Metadata => looked(states, slot, op, seen),
        Op::SyncData | Op::SyncAll => match seen {
            Seen::Dropped => lingering(dropped(states, slot, Set::new()), slot),
            Seen::Done(outcome) => keep(settled(states, slot), |state| {
                state.at(slot).failed == outcome.clone().err()
            }),
            Seen::Nothing | Seen::Both(..) => states,
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

/// Something that was given up may keep the open file, and its lock.
fn lingering(states: Set, slot: usize) -> Set {
    each(states, |state| state.description(slot).lingers = true)
}

/// What one read hands out, of at most `limit` bytes and at most as many as were seen. The state is idle.
fn read_once(state: &mut State, slot: usize, limit: usize, most: usize) -> Result<Vec<u8>, Fault> {
    let handle = state.at(slot);
    let was_read = matches!(handle.told, Some(Told::Read(_)));
    if let Some(Told::Read(Err(fault))) = &handle.told {
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

fn read(states: Set, slot: usize, limit: usize, seen: &Seen) -> Set {
    match seen {
        Seen::Dropped => {
            let begun = read_begun(states.clone(), slot, limit);
            dropped(states, slot, begun)
        }
        Seen::Done(outcome) => {
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
        Seen::Nothing | Seen::Both(..) => states,
    }
}

fn read_exact(states: Set, slot: usize, length: usize, seen: &Seen) -> Set {
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
        if *seen == Seen::Dropped {
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
        if *seen == Seen::Done(outcome) {
            explaining.insert(state);
        }
    }
    match seen {
        Seen::Dropped => closure(given_up),
        _ => explaining,
    }
}

/// Longer than any file.
const UNLIMITED: usize = 100_000;

fn read_to_end(states: Set, slot: usize, seen: &Seen) -> Set {
    let mut explaining = Set::new();
    let mut given_up = states.clone();
    let start = idle(states, slot).into_iter();
    let mut left: Vec<(State, usize)> = start.map(|state| (state, 0)).collect();
    while let Some((mut state, count)) = left.pop() {
        if !may_look(1) {
            return Set::new();
        }
        let (wanted, expected) = match seen {
            Seen::Done(Ok(Value::Bytes(bytes))) => {
                let rest = bytes.get(count..).unwrap_or_default();
                // If nothing is left, a look for more.
                (rest.len().max(1), Some(rest))
            }
            _ => (UNLIMITED, None),
        };
        if *seen == Seen::Dropped {
            // What was read so far is gone with the future.
            given_up.insert(state.clone());
            given_up.extend(read_begun(Set::from([state.clone()]), slot, UNLIMITED));
        }
        match read_once(&mut state, slot, wanted, wanted) {
            Err(fault) => {
                if *seen == Seen::Done(Err(fault)) {
                    explaining.insert(state);
                }
            }
            Ok(bytes) if bytes.is_empty() => {
                if expected.is_some_and(<[u8]>::is_empty) {
                    explaining.insert(state);
                } else if *seen == Seen::Dropped {
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
        Seen::Dropped => closure(given_up),
        _ => explaining,
    }
}

/// The states after a flush, before it says whether a write has failed: the rest of one is tried again.
fn flushed(states: Set, slot: usize) -> Set {
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

fn flushed_or_dropped(states: Set, slot: usize) -> Set {
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

fn write(states: Set, slot: usize, bytes: Bytes, seen: &Seen) -> Set {
    match seen {
        // What was not said to be taken was not taken.
        Seen::Dropped => flushed_or_dropped(states, slot),
        Seen::Done(outcome) => {
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
        Seen::Nothing | Seen::Both(..) => states,
    }
}

fn write_all(states: Set, slot: usize, bytes: Bytes, seen: &Seen) -> Set {
    let bytes = bytes.to_vec();
    let mut given_up = flushed_or_dropped(states.clone(), slot);
    let mut explaining = Set::new();
    let mut left: Vec<(State, usize)> = states.into_iter().map(|state| (state, 0)).collect();
    while let Some((state, done)) = left.pop() {
        if done == bytes.len() {
            if *seen == Seen::Done(Ok(Value::Unit)) {
                explaining.insert(state);
            }
            continue;
        }
        let before = Set::from([state]);
        if *seen == Seen::Dropped {
            given_up.extend(flushed_or_dropped(before.clone(), slot));
        }
        for mut state in flushed(before, slot) {
            if let Some(fault) = fails(&mut state, slot) {
                if *seen == Seen::Done(Err(fault)) {
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
        Seen::Dropped => given_up,
        _ => explaining,
    }
}

fn seek(states: Set, slot: usize, goal: Goal, seen: &Seen) -> Set {
    let mut all = Set::new();
    let mut given_up = Set::new();
    for mut state in idle(states.clone(), slot) {
        // One that was given up and has failed is told of first.
        if let Some(Told::Seek(Err(fault))) = state.at(slot).told.clone() {
            state.at(slot).told = None;
            if *seen == Seen::Done(Err(fault)) {
                all.insert(state);
            }
            continue;
        }
        remember(&mut state, slot);
        let begun = Set::from_iter(state.begin(slot, Busy::Seek(goal)));
        if *seen == Seen::Dropped {
            given_up.extend(begun);
            continue;
        }
        // Whoever waits for it is told of its end.
        for mut state in idle(begun, slot) {
            if let Some(Told::Seek(sought)) = state.at(slot).told.take() {
                if *seen == Seen::Done(sought.map(Value::Position)) {
                    all.insert(state);
                }
            }
        }
    }
    match seen {
        Seen::Dropped => lingering(dropped(states, slot, given_up), slot),
        _ => all,
    }
}

/// The states after an operation that changes nothing, not even the position.
fn looked(states: Set, slot: usize, op: &Op, seen: &Seen) -> Set {
    if *seen == Seen::Dropped {
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
                    (Ok(mut bytes), Seen::Done(Ok(Value::Bytes(got)))) => {
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
        *seen == Seen::Done(outcome)
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
fn changed(states: Set, waited: Set, slot: usize, op: &Op, seen: &Seen) -> Set {
    if *seen == Seen::Dropped {
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
    let Seen::Done(seen) = seen else {
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
fn lock_waiting(states: Set, slot: usize, lock: Lock, seen: &Seen) -> Set {
    let waited = without_given_up(states.clone(), slot);
    let mut all = Set::new();
    for mut state in waited {
        let index = state.at(slot).description;
        let has_rival = state.has_rival(index, lock);
        let _outcome = state.changed(index, &Change::Lock(lock));
        match seen {
            Seen::Done(Ok(_)) if !has_rival => {
                all.insert(state);
            }
            Seen::Dropped => {
                all.insert(state);
            }
            _ => {}
        }
    }
    if *seen == Seen::Dropped {
        all.extend(states);
        return lingering(closure(all), slot);
    }
    all
}
