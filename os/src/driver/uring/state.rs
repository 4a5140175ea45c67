//! What a ring knows under its lock.
//!
//! Invariants  I1 what is in the line belongs to slots of `operations`, until their last completions.
//!             I2 once broken nothing is taken from the line: what the system did not take, it will not see.
#![allow(unsafe_code)]

use std::sync::Arc;

use io_uring::{opcode, squeue};

use super::operations::{After, Kind, Operations};
use super::payload::{Completion, Payload};
use super::starved::Starved;

/// Marks what is no operation's: cancellations, and drains with their numbers (see `lost`).
pub(super) const NOT_AN_OPERATION: u64 = 1 << 63;
/// Marks the completions of cancellations, which nobody waits for.
pub(super) const NOBODY: u64 = u64::MAX;

/// The completions that the system has lost.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// How many there are so far, as the system counts them.
    pub(super) dropped: u32,
    /// The drains that were begun, by number from 1 on, and the last one that is over.
    pub(super) begun: u32,
    pub(super) over: u32,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) operations: Operations,
    /// Entries that the system has not been given.
    pub(super) line: Vec<squeue::Entry>,
    /// Slots whose entries the system will never see, and which are to be told.
    pub(super) unseen: Vec<usize>,
    /// Which groups of buffers there are, and who waits for a buffer of each.
    pub(super) groups: Vec<Option<Arc<Starved>>>,
    /// Nothing is submitted any more (I2), or the runtime has ended.
    pub(super) is_closed: bool,
    pub(super) is_broken: bool,
    /// The system takes nothing for now: see `submitting`.
    pub(super) is_held_up: bool,
    /// The runtime has ended: whoever waits for an operation that gives no memory back is told at once.
    pub(super) has_ended: bool,
    /// A thread waits for what was under way as the runtime ended.
    pub(super) is_seen_off: bool,
    /// There were as many completions as there is room for: the system may keep more.
    pub(super) was_full: bool,
    /// A cancellation lies in the line of an operation that has told too much, or a drain.
    pub(super) has_stopped: bool,
    pub(super) losses: Losses,
}

impl State {
    /// Puts `entry` into the line.
    ///
    /// # Safety
    /// As for `Ring::submit`.
    pub(super) unsafe fn push(
        &mut self,
        kind: Kind,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
    ) -> Result<usize, Box<dyn Payload>> {
        let is_late = self.is_held_up || self.losses.over != self.losses.begun;
        let is_to_wait = is_late && kind == Kind::File;
        if self.is_closed || is_to_wait || self.operations.is_full(kind) {
            return Err(payload);
        }
        let index = self.operations.start(kind, payload);
        self.line.push(entry.user_data(index as u64));
        Ok(index)
    }

    pub(super) fn cancel(&mut self, index: usize) {
        let cancel = opcode::AsyncCancel::new(index as u64).build();
        self.line.push(cancel.user_data(NOBODY));
    }

    pub(super) fn deliver(&mut self, index: usize, told: Completion, after: &mut After) {
        if self.operations.deliver(index, told, after) {
            self.has_stopped = true;
            self.cancel(index);
        }
    }

    /// Has these told that they were not done: the system will never see them (I2).
    pub(super) fn break_off(&mut self, unseen: impl Iterator<Item = squeue::Entry>) {
        self.is_closed = true;
        self.is_broken = true;
        let called = unseen.map(|entry| entry.get_user_data());
        let slots = called.filter(|&called| called & NOT_AN_OPERATION == 0);
        self.unseen.extend(slots.map(|slot| slot as usize));
    }
}
