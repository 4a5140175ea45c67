//! The operations of a ring: what each owns, and who waits for it.
//!
//! Idea        A slot an operation; its index is what the system says with each completion. Those of
//!             an operation with several (an `accept` that goes on) wait in the slot's line.
//! States      free ─start→ under way ─last completion→ over ─taken→ free;
//!             under way ─abandoned→ under way for nobody ─last completion→ free
//! Invariants  I1 a payload leaves its slot after the last completion, or never: the system may touch
//!                it until then, whatever became of the future.
//!             I2 no waker is cloned, woken or dropped here, and nothing that an operation owned or
//!                was told: they are foreign code, and go into `After`.
//!             I3 a line holds `MAX_TOLD` completions; then the operation is cancelled, and who
//!                reads the line begins it anew.

use std::any::Any;
use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

use selkie_core::raw::platform::contain_panic;
use selkie_core::raw::wake::wake_each;

use super::payload::{Completion, LOST, Payload};

/// Operations on files at a time; further ones go to the blocking pool.
pub(super) const MAX_FILES: usize = 64;
/// Operations on sockets at a time.
pub(super) const MAX_SOCKETS: usize = 1 << 16;
/// Completions that wait in one line before the operation is stopped (I3).
const MAX_TOLD: usize = 256;

/// What is to be done without the lock (I2).
#[derive(Default)]
pub(super) struct After {
    woken: Vec<Waker>,
    payloads: Vec<Box<dyn Payload>>,
    carried: Vec<Box<dyn Any + Send>>,
}

impl After {
    /// Adds wakers to those that are woken.
    pub(super) fn wake(&mut self, wakers: impl IntoIterator<Item = Waker>) {
        self.woken.extend(wakers);
    }

    /// Says whether anybody was woken, or may have been: a drop of what was lent may wake, too, as that of a write
    /// which was given up does.
    pub(super) fn do_it(self) -> bool {
        let has_woken =
            !(self.woken.is_empty() && self.payloads.is_empty() && self.carried.is_empty());
        wake_each(self.woken);
        // What was lent is dropped here, and its drop is foreign code.
        for payload in self.payloads {
            contain_panic(|| drop(payload));
        }
        drop(self.carried);
        has_woken
    }
}

/// What an operation works at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    Socket,
    /// Goes on after a completion: each carries something.
    SocketSeveral,
    /// A send from memory that the network card reads: its outcome comes first, and a notice when
    /// the memory is free, which no cancelling hastens: the peer must have received it.
    SocketNotified,
}

struct Operation {
    kind: Kind,
    payload: Box<dyn Payload>,
    first: Option<Completion>,
    others: VecDeque<Completion>,
    waker: Option<Waker>,
    is_abandoned: bool,
    is_stopped: bool,
    /// The last completion has come.
    is_over: bool,
    /// Only a notice is to come.
    is_notice_due: bool,
    /// The first drain after a loss while it was under way; 0 if there was none.
    drain: u32,
}

/// What an operation came to so far.
pub(crate) enum Told {
    Completion(Completion),
    /// There will be no further completion; the payload is back.
    Over(Box<dyn Payload>),
    /// Nothing yet.
    Nothing,
    /// Nothing, and the runtime has ended: whoever waits for the operation is told so now.
    Ended,
}

/// All operations of one ring.
#[derive(Default)]
pub(super) struct Operations {
    slots: Vec<Option<Operation>>,
    free: Vec<usize>,
    files: usize,
    sockets: usize,
    /// Those of `sockets` of which only a notice is to come.
    notices: usize,
}

impl Operations {
    /// Operations whose last completion has not come.
    pub(super) fn under_way(&self) -> usize {
        self.files + self.sockets
    }

    /// Of those, how many end once they are cancelled.
    pub(super) fn cancellable(&self) -> usize {
        self.under_way() - self.notices
    }

    fn count(&mut self, kind: Kind) -> &mut usize {
        match kind {
            Kind::File => &mut self.files,
            Kind::Socket | Kind::SocketSeveral | Kind::SocketNotified => &mut self.sockets,
        }
    }

    /// Whether as many operations of this kind are under way as may be.
    pub(super) fn is_full(&self, kind: Kind) -> bool {
        match kind {
            Kind::File => self.files >= MAX_FILES,
            Kind::Socket | Kind::SocketSeveral | Kind::SocketNotified => {
                self.sockets >= MAX_SOCKETS
            }
        }
    }

    pub(super) fn start(&mut self, kind: Kind, payload: Box<dyn Payload>) -> usize {
        *self.count(kind) += 1;
        let operation = Some(Operation {
            kind,
            payload,
            first: None,
            others: VecDeque::new(),
            waker: None,
            is_abandoned: false,
            is_stopped: false,
            is_over: false,
            is_notice_due: false,
            drain: 0,
        });
        match self.free.pop() {
            Some(index) => {
                self.slots[index] = operation;
                index
            }
            None => {
                self.slots.push(operation);
                self.slots.len() - 1
            }
        }
    }

    fn release(&mut self, index: usize) -> Operation {
        self.free.push(index);
        self.slots[index].take().expect("a slot is released once")
    }

    fn at(&mut self, index: usize) -> &mut Operation {
        self.slots[index]
            .as_mut()
            .expect("a slot is asked by who waits for it")
    }

    /// Takes an operation back that the system has not seen and never will.
    pub(super) fn withdraw(&mut self, index: usize) -> Box<dyn Payload> {
        let operation = self.release(index);
        *self.count(operation.kind) -= 1;
        operation.payload
    }

    /// Takes a completion in. `true`: the operation is to be cancelled (I3).
    #[must_use]
    pub(super) fn deliver(&mut self, index: usize, told: Completion, after: &mut After) -> bool {
        let is_over = !told.has_more();
        let kind = self.at(index).kind;
        *self.count(kind) -= usize::from(is_over);
        let is_notice_due = kind == Kind::SocketNotified && !is_over;
        self.notices += usize::from(is_notice_due);
        let operation = self.at(index);
        operation.is_over = is_over;
        let was_due = mem::replace(&mut operation.is_notice_due, is_notice_due);
        self.notices -= usize::from(was_due);
        let operation = self.at(index);
        // The outcome comes before the notice, or was lost.
        let is_lost = kind == Kind::SocketNotified && told.is_notice() && operation.first.is_none();
        let told = if is_lost {
            Completion::new(LOST, 0)
        } else {
            told
        };
        if operation.is_abandoned {
            after.carried.extend(operation.payload.carried(told));
            if is_over {
                after.payloads.push(self.release(index).payload);
            }
            return false;
        }
        operation.tell(told);
        after.woken.extend(operation.waker.take());
        let is_full = operation.others.len() >= MAX_TOLD;
        is_full && !is_over && !mem::replace(&mut operation.is_stopped, true)
    }

    /// The first completion of the operation in slot `index` and its payload, once the last has come;
    /// the slot is free then. Until then `waker` changes places with the one that waits (I2).
    pub(super) fn outcome(
        &mut self,
        index: usize,
        waker: &mut Option<Waker>,
    ) -> Option<(Completion, Box<dyn Payload>)> {
        let operation = self.at(index);
        if !operation.is_over {
            mem::swap(&mut operation.waker, waker);
            return None;
        }
        let first = operation.first.expect("it is over by a completion");
        Some((first, self.release(index).payload))
    }

    /// The next completion of the operation in slot `index`, which is free when all have been told. If
    /// there is none, `waker` changes places with the one that waits (I2).
    pub(super) fn next(&mut self, index: usize, waker: &mut Option<Waker>) -> Told {
        let operation = self.at(index);
        if let Some(told) = operation.first.take() {
            operation.first = operation.others.pop_front();
            return Told::Completion(told);
        }
        if operation.is_over {
            return Told::Over(self.release(index).payload);
        }
        mem::swap(&mut operation.waker, waker);
        Told::Nothing
    }

    /// Nobody waits for slot `index` any more; what it owns goes with its last completion (I1).
    /// `true`: it is under way.
    pub(super) fn abandon(&mut self, index: usize, after: &mut After) -> bool {
        let operation = self.at(index);
        operation.is_abandoned = true;
        let (first, others) = (operation.first.take(), mem::take(&mut operation.others));
        for told in first.into_iter().chain(others) {
            after.carried.extend(operation.payload.carried(told));
        }
        let is_over = operation.is_over;
        // A waker is dropped as a payload is: without the lock.
        let waker = operation.waker.take();
        after
            .carried
            .extend(waker.map(|waker| -> Box<dyn Any + Send> { Box::new(waker) }));
        if is_over {
            after.payloads.push(self.release(index).payload);
        }
        !is_over
    }

    /// Whether the operation in slot `index` is to be cancelled, so that who waits for it begins it anew:
    /// `false` if it is over, or was cancelled.
    #[must_use]
    pub(super) fn stop(&mut self, index: usize) -> bool {
        let operation = self.at(index);
        !operation.is_over && !mem::replace(&mut operation.is_stopped, true)
    }

    /// The slots that a cancellation ends.
    pub(super) fn flying(&self) -> Vec<usize> {
        let ends = |operation: &Operation| !operation.is_over && !operation.is_notice_due;
        let is_flying = |slot: &Option<Operation>| slot.as_ref().is_some_and(ends);
        (0..self.slots.len())
            .filter(|&index| is_flying(&self.slots[index]))
            .collect()
    }

    /// Suspects every operation that is under way of a lost completion, until `drain` tells. Those that may wait for
    /// long are to be cancelled; those with several completions are told at once.
    pub(super) fn suspect(&mut self, drain: u32, after: &mut After) -> Vec<usize> {
        let mut cancelled = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            let Some(operation) = slot.as_mut().filter(|operation| !operation.is_over) else {
                continue;
            };
            if operation.drain == 0 {
                operation.drain = drain;
            }
            if operation.kind == Kind::SocketSeveral && !operation.is_abandoned {
                operation.tell(Completion::new(LOST, 0));
                after.woken.extend(operation.waker.take());
            }
            let may_wait = operation.kind != Kind::File && !operation.is_notice_due;
            if may_wait && !mem::replace(&mut operation.is_stopped, true) {
                cancelled.push(index);
            }
        }
        cancelled
    }

    /// Those that were suspected before `drain` and have not ended by it, but for sends whose notices may still come.
    pub(super) fn lost_by(&self, drain: u32) -> Vec<usize> {
        let is_lost = |operation: &Operation| {
            let is_suspect = (1..=drain).contains(&operation.drain);
            is_suspect && !operation.is_over && operation.kind != Kind::SocketNotified
        };
        let is_lost = |slot: &Option<Operation>| slot.as_ref().is_some_and(is_lost);
        (0..self.slots.len())
            .filter(|&index| is_lost(&self.slots[index]))
            .collect()
    }

    /// Wakes everyone who waits for an operation that is under way: the runtime has ended.
    pub(super) fn wake_all(&mut self, after: &mut After) {
        let operations = self.slots.iter_mut().flatten();
        after
            .woken
            .extend(operations.filter_map(|operation| operation.waker.take()));
    }

    /// Leaves all operations where they are for good: the system may still touch them (I1).
    pub(super) fn forget(&mut self) {
        mem::forget(mem::take(&mut self.slots));
        self.free.clear();
    }
}

impl Operation {
    fn tell(&mut self, told: Completion) {
        if self.first.is_none() {
            self.first = Some(told);
        } else {
            self.others.push_back(told);
        }
    }
}
