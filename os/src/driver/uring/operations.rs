//! The operations of a ring: what each owns, and who waits for it.
//!
//! Idea        A slab with a slot per operation; the index of the slot is the user data that comes with each
//!             completion. The completions of a multishot operation (such as an `accept` that accepts again and
//!             again) are queued in the slot.
//! States      free ─start→ in flight ─last completion→ finished ─taken→ free;
//!             in flight ─abandoned→ in flight for nobody ─last completion→ free
//! Invariants  I1 a payload leaves its slot after the last completion, or never: the system may touch it until
//!                then, whatever became of the future.
//!             I2 no waker is cloned, woken or dropped here, and nothing that an operation owned or received is
//!                dropped: that is foreign code, and goes into `AfterUnlock`.
//!             I3 at most `MAX_QUEUED_COMPLETIONS` completions are queued. Then the operation is cancelled, and
//!                whoever takes them restarts it.

use std::any::Any;
use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

use selkie_core::raw::platform::contain_panic;
use selkie_core::raw::wake::wake_each;

use super::payload::{Completion, LOST, Payload};

/// Operations on files in flight; further ones go to the blocking pool.
pub(super) const MAX_FILES: usize = 64;
/// Operations on sockets in flight.
pub(super) const MAX_SOCKETS: usize = 1 << 16;
/// Completions that are queued before a multishot operation is cancelled (I3).
const MAX_QUEUED_COMPLETIONS: usize = 256;

/// What must be done after the lock is released (I2).
#[derive(Default)]
pub(super) struct AfterUnlock {
    woken: Vec<Waker>,
    payloads: Vec<Box<dyn Payload>>,
    resources: Vec<Box<dyn Any + Send>>,
}

impl AfterUnlock {
    /// Adds wakers to those that are to be woken.
    #[inline]
    pub(super) fn wake(&mut self, wakers: impl IntoIterator<Item = Waker>) {
        self.woken.extend(wakers);
    }

    /// Wakes and drops. Returns whether anybody was woken, or may have been: dropping a payload may wake
    /// somebody, too, as for a write that was given up.
    #[inline]
    pub(super) fn run(self) -> bool {
        let has_woken =
            !(self.woken.is_empty() && self.payloads.is_empty() && self.resources.is_empty());
        wake_each(self.woken);
        // Payloads are dropped here, and their drop is foreign code.
        for payload in self.payloads {
            contain_panic(|| drop(payload));
        }
        drop(self.resources);
        has_woken
    }
}

/// The kind of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    File,
    Socket,
    /// A multishot operation: each completion carries a resource.
    SocketMultishot,
    /// A zero-copy send: its outcome comes first, and a notification when the memory is free. Cancelling does
    /// not make that come sooner, since the peer must have received the data.
    SocketZeroCopy,
}

struct Operation {
    kind: OperationKind,
    payload: Box<dyn Payload>,
    first: Option<Completion>,
    queued: VecDeque<Completion>,
    waker: Option<Waker>,
    is_abandoned: bool,
    is_cancelled: bool,
    /// The last completion has come.
    is_finished: bool,
    /// Only a notification is still to come.
    is_notification_due: bool,
    /// The first drain after a loss while the operation was in flight; 0 if there was none.
    drain: u32,
}

/// What `next` finds of an operation.
pub(crate) enum OperationStatus {
    Completion(Completion),
    /// There will be no further completion; the payload is back.
    Finished(Box<dyn Payload>),
    /// Nothing yet.
    Pending,
    /// Nothing, and the runtime has shut down: whoever waits for the operation gets that as its outcome.
    RuntimeEnded,
}

/// All operations of one ring.
#[derive(Default)]
pub(super) struct Operations {
    slots: Vec<Option<Operation>>,
    free: Vec<usize>,
    files: usize,
    sockets: usize,
    /// PlannedOutcome many of `sockets` have only a notification still to come.
    notifications: usize,
}

impl Operations {
    /// Operations whose last completion has not come.
    #[inline]
    pub(super) fn in_flight(&self) -> usize {
        self.files + self.sockets
    }

    /// PlannedOutcome many of those end once they are cancelled.
    #[inline]
    pub(super) fn cancellable(&self) -> usize {
        self.in_flight() - self.notifications
    }

    #[inline]
    fn count(&mut self, kind: OperationKind) -> &mut usize {
        match kind {
            OperationKind::File => &mut self.files,
            OperationKind::Socket
            | OperationKind::SocketMultishot
            | OperationKind::SocketZeroCopy => &mut self.sockets,
        }
    }

    /// Whether no further operation of this kind may be started.
    #[inline]
    pub(super) fn is_full(&self, kind: OperationKind) -> bool {
        match kind {
            OperationKind::File => self.files >= MAX_FILES,
            OperationKind::Socket
            | OperationKind::SocketMultishot
            | OperationKind::SocketZeroCopy => self.sockets >= MAX_SOCKETS,
        }
    }

    #[inline]
    pub(super) fn start(&mut self, kind: OperationKind, payload: Box<dyn Payload>) -> usize {
        *self.count(kind) += 1;
        let operation = Some(Operation {
            kind,
            payload,
            first: None,
            queued: VecDeque::new(),
            waker: None,
            is_abandoned: false,
            is_cancelled: false,
            is_finished: false,
            is_notification_due: false,
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

    #[inline]
    fn release(&mut self, index: usize) -> Operation {
        self.free.push(index);
        self.slots[index].take().expect("a slot is released once")
    }

    #[inline]
    fn at(&mut self, index: usize) -> &mut Operation {
        self.slots[index]
            .as_mut()
            .expect("a slot is asked by who waits for it")
    }

    /// Takes an operation back that the system has not seen and never will.
    #[inline]
    pub(super) fn withdraw(&mut self, index: usize) -> Box<dyn Payload> {
        let operation = self.release(index);
        *self.count(operation.kind) -= 1;
        operation.payload
    }

    /// Delivers a completion. `true`: the operation has to be cancelled (I3).
    #[must_use]
    #[inline]
    pub(super) fn deliver(
        &mut self,
        index: usize,
        completion: Completion,
        after: &mut AfterUnlock,
    ) -> bool {
        let is_finished = !completion.has_more();
        let kind = self.at(index).kind;
        *self.count(kind) -= usize::from(is_finished);
        let is_notification_due = kind == OperationKind::SocketZeroCopy && !is_finished;
        self.notifications += usize::from(is_notification_due);
        let operation = self.at(index);
        operation.is_finished = is_finished;
        let was_due = mem::replace(&mut operation.is_notification_due, is_notification_due);
        self.notifications -= usize::from(was_due);
        let operation = self.at(index);
        // The outcome comes before the notification, or was lost.
        let is_lost = kind == OperationKind::SocketZeroCopy
            && completion.is_notification()
            && operation.first.is_none();
        let completion = if is_lost {
            Completion::new(LOST, 0)
        } else {
            completion
        };
        if operation.is_abandoned {
            after
                .resources
                .extend(operation.payload.resource_of(completion));
            if is_finished {
                after.payloads.push(self.release(index).payload);
            }
            return false;
        }
        operation.push_completion(completion);
        after.woken.extend(operation.waker.take());
        let is_full = operation.queued.len() >= MAX_QUEUED_COMPLETIONS;
        is_full && !is_finished && !mem::replace(&mut operation.is_cancelled, true)
    }

    /// The first completion of the operation in slot `index`, and its payload, once the last has come; then the
    /// slot is free. Until then `waker` is swapped with the one that waits (I2).
    #[inline]
    pub(super) fn outcome(
        &mut self,
        index: usize,
        waker: &mut Option<Waker>,
    ) -> Option<(Completion, Box<dyn Payload>)> {
        let operation = self.at(index);
        if !operation.is_finished {
            mem::swap(&mut operation.waker, waker);
            return None;
        }
        let first = operation.first.expect("it is over by a completion");
        Some((first, self.release(index).payload))
    }

    /// The next completion of the operation in slot `index`. CompletionTime all have been taken, the slot is free. If
    /// there is none yet, `waker` is swapped with the one that waits (I2).
    #[inline]
    pub(super) fn next(&mut self, index: usize, waker: &mut Option<Waker>) -> OperationStatus {
        let operation = self.at(index);
        if let Some(completion) = operation.first.take() {
            operation.first = operation.queued.pop_front();
            return OperationStatus::Completion(completion);
        }
        if operation.is_finished {
            return OperationStatus::Finished(self.release(index).payload);
        }
        mem::swap(&mut operation.waker, waker);
        OperationStatus::Pending
    }

    /// Called when nobody waits for slot `index` any more; what the operation owns is dropped with its last
    /// completion (I1). `true`: it is in flight.
    #[inline]
    pub(super) fn abandon(&mut self, index: usize, after: &mut AfterUnlock) -> bool {
        let operation = self.at(index);
        operation.is_abandoned = true;
        let (first, queued) = (operation.first.take(), mem::take(&mut operation.queued));
        for completion in first.into_iter().chain(queued) {
            after
                .resources
                .extend(operation.payload.resource_of(completion));
        }
        let is_finished = operation.is_finished;
        // A waker is dropped like a payload: after the lock is released.
        let waker = operation.waker.take();
        after
            .resources
            .extend(waker.map(|waker| -> Box<dyn Any + Send> { Box::new(waker) }));
        if is_finished {
            after.payloads.push(self.release(index).payload);
        }
        !is_finished
    }

    /// Whether the operation in slot `index` has to be cancelled, so that its caller can restart it: `false` if
    /// it has finished, or was cancelled.
    #[must_use]
    #[inline]
    pub(super) fn request_cancel(&mut self, index: usize) -> bool {
        let operation = self.at(index);
        !operation.is_finished && !mem::replace(&mut operation.is_cancelled, true)
    }

    /// The operations that a cancellation ends.
    #[inline]
    pub(super) fn cancellable_indices(&self) -> Vec<usize> {
        let ends = |operation: &Operation| !operation.is_finished && !operation.is_notification_due;
        let is_cancellable = |slot: &Option<Operation>| slot.as_ref().is_some_and(ends);
        (0..self.slots.len())
            .filter(|&index| is_cancellable(&self.slots[index]))
            .collect()
    }

    /// Suspects that every operation in flight has lost a completion, until `drain` completes. Returns those
    /// that may wait for long, which have to be cancelled. Multishot operations report the loss at once.
    #[inline]
    pub(super) fn suspect(&mut self, drain: u32, after: &mut AfterUnlock) -> Vec<usize> {
        let mut cancelled = Vec::new();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            let Some(operation) = slot.as_mut().filter(|operation| !operation.is_finished) else {
                continue;
            };
            if operation.drain == 0 {
                operation.drain = drain;
            }
            if operation.kind == OperationKind::SocketMultishot && !operation.is_abandoned {
                operation.push_completion(Completion::new(LOST, 0));
                after.woken.extend(operation.waker.take());
            }
            let may_wait = operation.kind != OperationKind::File && !operation.is_notification_due;
            if may_wait && !mem::replace(&mut operation.is_cancelled, true) {
                cancelled.push(index);
            }
        }
        cancelled
    }

    /// Those that were suspected before `drain` and have not ended by it, except zero-copy sends, whose
    /// notifications may still come.
    #[inline]
    pub(super) fn lost_by(&self, drain: u32) -> Vec<usize> {
        let is_lost = |operation: &Operation| {
            let is_suspect = (1..=drain).contains(&operation.drain);
            is_suspect && !operation.is_finished && operation.kind != OperationKind::SocketZeroCopy
        };
        let is_lost = |slot: &Option<Operation>| slot.as_ref().is_some_and(is_lost);
        (0..self.slots.len())
            .filter(|&index| is_lost(&self.slots[index]))
            .collect()
    }

    /// Wakes everyone who waits for an operation in flight, since the runtime has shut down.
    #[inline]
    pub(super) fn wake_all(&mut self, after: &mut AfterUnlock) {
        let operations = self.slots.iter_mut().flatten();
        after
            .woken
            .extend(operations.filter_map(|operation| operation.waker.take()));
    }

    /// Leaks all operations: the system may still touch their memory (I1).
    #[inline]
    pub(super) fn forget(&mut self) {
        mem::forget(mem::take(&mut self.slots));
        self.free.clear();
    }
}

impl Operation {
    #[inline]
    fn push_completion(&mut self, completion: Completion) {
        if self.first.is_none() {
            self.first = Some(completion);
        } else {
            self.queued.push_back(completion);
        }
    }
}
