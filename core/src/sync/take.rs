//! Waiting for permits: the future behind every acquire, lock and reserve.
//!
//! Idea        A take first tries without the lock, and enters the wait queue only when it has to wait.
//! States      fresh → queued → served, refused;   dropped while queued: what it held is passed on
//!             fresh, and the budget is used up → queued, or served with what was free
//! Invariants  those of [`permits`](super::permits), its I5 above all: what a served node holds is given
//!             back unless a poll claims it.
#![allow(unsafe_code)]

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::permits::{CLOSED, Claim, GRANTED_CODE, Permits, Refusal, WAITERS};
use crate::coop;
use crate::platform::Ordering;
use crate::trace::{GrantEvent, Operation};
use crate::wake::{WaitNode, WaitState, WakeBatch};

impl<const COUNT_BITS: u32> Permits<COUNT_BITS> {
    /// Waits for `wanted` permits.
    pub(super) fn take(&self, wanted: u64) -> Take<'_, COUNT_BITS> {
        Take {
            permits: self,
            wanted,
            node: None,
            sole: false,
            unclaimed_polls: 0,
            operation: Operation::acquire(&self.resource, wanted),
        }
    }

    /// Waits for the one permit that there is: who else could give it?
    pub(super) fn take_sole(&self) -> Take<'_, COUNT_BITS> {
        Take {
            permits: self,
            wanted: 1,
            node: None,
            sole: true,
            unclaimed_polls: 0,
            operation: Operation::acquire(&self.resource, 1),
        }
    }
}

/// Waits for permits; dropped after it was served, it gives them back.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub(super) struct Take<'a, const COUNT_BITS: u32> {
    permits: &'a Permits<COUNT_BITS>,
    wanted: u64,
    /// Made when the wait begins: most takes never wait.
    node: Option<WaitNode<Claim>>,
    /// Whether nobody but the one that was served can serve this.
    sole: bool,
    /// See [`DeadlockDetection::check`](super::deadlock_detection::DeadlockDetection::check).
    unclaimed_polls: u8,
    /// What a subscriber of `tracing` sees.
    operation: Operation,
}

impl<const COUNT_BITS: u32> Take<'_, COUNT_BITS> {
    /// Joins the wait queue, unless the permits came meanwhile.
    #[cold]
    fn join(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        operation: &Operation,
    ) -> Poll<Result<(), Refusal>> {
        let waker = cx.waker().clone();
        // SAFETY: nothing is moved out; the node stays where it is from here on.
        let this = unsafe { self.get_unchecked_mut() };
        let permits = this.permits;
        let node = this
            .node
            .get_or_insert_with(|| WaitNode::new(Claim::default()));
        let asked = operation.asked();
        // SAFETY: the node is a field of a pinned future, structurally pinned.
        let node = unsafe { Pin::new_unchecked(&*node) };
        let mut queue = permits.queue.lock();
        let mut word = permits.word.load(Ordering::Relaxed);
        let held = loop {
            if word & CLOSED != 0 {
                return Poll::Ready(Err(Refusal::Closed));
            }
            let free = Permits::<COUNT_BITS>::count(word);
            let held = if queue.is_empty() {
                free.min(this.wanted)
            } else {
                0
            };
            let satisfied = held == this.wanted;
            let next = word - held * Permits::<COUNT_BITS>::ONE;
            let next = if satisfied { next } else { next | WAITERS };
            // AcqRel: as in `try_take`; with WAITERS set every later giver comes for the lock (I2).
            match permits.word.compare_exchange_weak(
                word,
                next,
                Ordering::AcqRel,
                Ordering::Relaxed,
            ) {
                Ok(_) if satisfied => {
                    drop(queue);
                    permits.took_all(operation, this.wanted);
                    return Poll::Ready(Ok(()));
                }
                Ok(_) => break held,
                Err(now) => word = now,
            }
        };
        // SAFETY: the node is in no queue; `drop` removes it.
        unsafe {
            queue.push(
                node,
                waker,
                Claim {
                    held,
                    missing: this.wanted - held,
                    asked,
                },
            )
        };
        drop(queue);
        if held > 0 {
            operation.took(&permits.resource, held);
        }
        Poll::Pending
    }
}

impl<const COUNT_BITS: u32> Take<'_, COUNT_BITS> {
    /// What it means now that the node was served.
    fn claim(&self, node: &WaitNode<Claim>, code: u8) -> Result<(), Refusal> {
        if code == GRANTED_CODE && !self.permits.snapshot().is_closed() {
            self.permits.deadlock_detection.claimed();
            node.reset();
            return Ok(());
        }
        self.give_back(node, code);
        node.reset();
        Err(Refusal::Closed)
    }

    /// Gives back what a served node holds (permits' I5).
    #[cold]
    fn give_back(&self, node: &WaitNode<Claim>, code: u8) {
        let held = if code == GRANTED_CODE {
            self.permits.deadlock_detection.claimed();
            self.wanted
        } else {
            // SAFETY: the node is ours, and was served.
            unsafe { node.served(|claim| claim.held) }
        };
        if held > 0 {
            self.permits.give(held);
        }
    }

    /// Takes a waker for the node in the queue, and says whether it was served meanwhile.
    fn renew(&self, node: &WaitNode<Claim>, cx: &Context<'_>) -> WaitState {
        let waker = cx.waker().clone();
        // SAFETY: the node is a field of a pinned future, structurally pinned.
        let pinned = unsafe { Pin::new_unchecked(node) };
        // SAFETY: the node is in this queue or was served meanwhile.
        let spare = unsafe { self.permits.queue.lock().set_waker(pinned, waker) };
        drop(spare);
        node.state()
    }

    /// A poll whose budget is used up: it takes its position in the queue, or the permits if they are free,
    /// which the next poll comes for. The task is woken for that only if there is something to come for.
    #[cold]
    fn poll_without_budget(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        operation: &Operation,
    ) -> Poll<Result<(), Refusal>> {
        if !coop::raw::is_traced() && ready!(self.as_mut().keep_position(cx, operation)).is_err() {
            return poll_refused(cx);
        }
        let forced = coop::poll_proceed(cx);
        debug_assert!(forced.is_pending(), "there is no budget");
        Poll::Pending
    }

    /// Takes the position in the queue, or the permits, for the next poll: ready then, pending while others have them.
    fn keep_position(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        operation: &Operation,
    ) -> Poll<Result<(), Refusal>> {
        let this = self.as_ref().get_ref();
        let state = match &this.node {
            Some(node) if node.state() == WaitState::Queued => this.renew(node, cx),
            Some(node) => node.state(),
            None => WaitState::Idle,
        };
        match (state, &this.node) {
            (WaitState::Done(code), Some(node)) if this.permits.snapshot().is_closed() => {
                Poll::Ready(this.claim(node, code))
            }
            (WaitState::Done(_), _) => Poll::Ready(Ok(())),
            (WaitState::Queued | WaitState::Alone, _) => Poll::Pending,
            (WaitState::Idle, _) => {
                let joined = self.as_mut().join(cx, operation);
                if let (Poll::Ready(Ok(())), Some(node)) = (&joined, &self.node) {
                    node.settle(GRANTED_CODE);
                }
                joined
            }
        }
    }
}

impl<const COUNT_BITS: u32> Future for Take<'_, COUNT_BITS> {
    type Output = Result<(), Refusal>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let permits = self.permits;
        // SAFETY: what is pinned, the node, is not moved.
        let this = unsafe { self.as_mut().get_unchecked_mut() };
        let operation = core::mem::replace(&mut this.operation, Operation::none());
        let polled = operation.poll_acquire(&permits.resource, || {
            self.as_mut().poll_take(cx, &operation)
        });
        // SAFETY: as above.
        unsafe { self.get_unchecked_mut() }.operation = operation;
        polled
    }
}

/// Completes a take of permits that are closed, for a spare unit of the budget; without one the next poll finds them closed.
#[cold]
fn poll_refused(cx: &mut Context<'_>) -> Poll<Result<(), Refusal>> {
    ready!(coop::raw::poll_spare(cx)).made_progress();
    Poll::Ready(Err(Refusal::Closed))
}

/// Permits that were taken and that nobody has yet; dropped, it gives them back.
struct PermitGuard<'a, const COUNT_BITS: u32>(&'a Permits<COUNT_BITS>, u64);

impl<const COUNT_BITS: u32> Drop for PermitGuard<'_, COUNT_BITS> {
    fn drop(&mut self) {
        self.0.give(self.1);
    }
}

impl<const COUNT_BITS: u32> Permits<COUNT_BITS> {
    /// Tells a subscriber of a take that was served at once; if it panics, nothing was taken.
    #[inline]
    fn took_all(&self, operation: &Operation, wanted: u64) {
        let taken = PermitGuard(self, wanted);
        operation.took(&self.resource, wanted);
        core::mem::forget(taken);
    }

    /// As [`try_take`](Self::try_take) without places, and tells a subscriber.
    #[inline]
    pub(super) fn try_take_told(&self, wanted: u64) -> Result<(), Refusal> {
        self.try_take(wanted, 0)?;
        let taken = PermitGuard(self, wanted);
        self.resource.permits_taken(wanted);
        core::mem::forget(taken);
        Ok(())
    }
}

impl<const COUNT_BITS: u32> Take<'_, COUNT_BITS> {
    #[inline]
    fn poll_take(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        operation: &Operation,
    ) -> Poll<Result<(), Refusal>> {
        if !coop::has_budget_remaining() {
            return self.poll_without_budget(cx, operation);
        }
        let unit = ready!(coop::poll_proceed(cx));
        let this = self.as_ref().get_ref();
        let state = this.node.as_ref().map_or(WaitState::Idle, WaitNode::state);
        let result = match (state, &this.node) {
            (WaitState::Done(code), Some(node)) => Poll::Ready(this.claim(node, code)),
            (WaitState::Queued, Some(node)) => match this.renew(node, cx) {
                WaitState::Done(code) => Poll::Ready(this.claim(node, code)),
                _ => Poll::Pending,
            },
            _ => match this.permits.try_take(this.wanted, 0) {
                Ok(_) => {
                    this.permits.took_all(operation, this.wanted);
                    Poll::Ready(Ok(()))
                }
                Err(Refusal::Closed) => Poll::Ready(Err(Refusal::Closed)),
                Err(Refusal::Busy) => self.as_mut().join(cx, operation),
            },
        };
        if let Poll::Ready(outcome) = result {
            if outcome.is_err() {
                drop(unit);
                return poll_refused(cx);
            }
            unit.made_progress();
        } else if self.sole {
            let permits = self.permits;
            // SAFETY: the node is not moved.
            let this = unsafe { self.get_unchecked_mut() };
            permits
                .deadlock_detection
                .check(cx.waker(), &mut this.unclaimed_polls);
        }
        result
    }
}

impl<const COUNT_BITS: u32> Drop for Take<'_, COUNT_BITS> {
    fn drop(&mut self) {
        let Some(node) = &self.node else { return };
        // SAFETY: the future was pinned when the node was queued and is now being dropped in place.
        let node = unsafe { Pin::new_unchecked(node) };
        match node.state() {
            WaitState::Idle => return,
            WaitState::Done(code) => {
                self.give_back(&node, code);
                return;
            }
            WaitState::Queued | WaitState::Alone => {}
        }
        let mut batch = WakeBatch::new();
        let mut queue = self.permits.queue.lock();
        // The lock decides: whoever serves us does so before or after.
        if node.state() == WaitState::Queued {
            // SAFETY: the node is in this queue and ours.
            let held = unsafe { queue.payload_of(node) }.held;
            // SAFETY: as above.
            let own = unsafe { queue.remove(node) };
            // Release: pairs with the Acquire in `try_take`; WAITERS is still set, so nobody
            // takes them but the wait queue (I3).
            self.permits
                .word
                .fetch_add(held * Permits::<COUNT_BITS>::ONE, Ordering::AcqRel);
            let mut granted = GrantEvent::default();
            let more = self.permits.serve(&mut queue, &mut batch, &mut granted);
            drop(queue);
            drop(own);
            batch.wake_all();
            if more {
                self.permits.serve_all(0);
            }
            granted.tell(&self.permits.resource, held);
        } else {
            drop(queue);
            if let WaitState::Done(code) = node.state() {
                self.give_back(&node, code);
            }
        }
    }
}
