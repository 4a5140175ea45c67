//! One wait for a notification: what both kinds of `Notified` share.
//!
//! States      fresh → alone or queued → served → finished;   dropped before: leaves the queue, and
//!             passes a single notification on
//! Invariants  those of [`notify`](super::notify).
#![allow(unsafe_code)]

use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use super::notify::{End, LAST_CODE, Notify, ONE_CODE};
use crate::coop;
use crate::platform::{relax, yield_thread};
use crate::wake::{WaitNode, WaitState};

/// How often a wait that was won looks whether it is served, before it lets other threads run.
const SPINS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Fresh,
    Waiting,
    Finished,
}

/// One wait for a notification.
#[derive(Debug)]
pub(super) struct Wait {
    generation: usize,
    stage: Stage,
    node: WaitNode<usize>,
}

impl Wait {
    pub(super) fn new(notify: &Notify) -> Self {
        Self {
            generation: notify.generation(),
            stage: Stage::Fresh,
            node: WaitNode::new(0),
        }
    }

    /// Begins to wait at `notify`, or finds the notification; `true` when notified.
    pub(super) fn advance(self: Pin<&mut Self>, notify: &Notify, waker: Option<&Waker>) -> bool {
        // SAFETY: the node is not moved; the other fields are not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        let notified = match this.stage {
            Stage::Finished => true,
            Stage::Fresh => {
                if notify.generation() != this.generation || notify.try_consume() {
                    true
                } else {
                    let waker = waker.unwrap_or(Waker::noop()).clone();
                    Self::begin(node, this.generation, notify, waker)
                }
            }
            Stage::Waiting => match node.state() {
                WaitState::Done(_) => true,
                _ => Self::look_again(node, this.generation, notify, waker),
            },
        };
        this.stage = if notified {
            Stage::Finished
        } else {
            Stage::Waiting
        };
        notified
    }

    /// Takes the single-waiter slot or joins the wait queue, unless there is a notification: `true` then.
    fn begin(
        node: Pin<&WaitNode<usize>>,
        generation: usize,
        notify: &Notify,
        waker: Waker,
    ) -> bool {
        // SAFETY: the node is in no queue; `leave` and `look_again` ask for the wait queue.
        match unsafe { notify.try_wait_alone(node, generation, waker) } {
            Ok(()) => false,
            Err(waker) => Self::join(node, generation, notify, waker),
        }
    }

    #[cold]
    fn join(node: Pin<&WaitNode<usize>>, generation: usize, notify: &Notify, waker: Waker) -> bool {
        let mut waiters = notify.waiters.lock();
        loop {
            let found = notify.waiters_of(&mut waiters);
            if found.generation() != generation {
                return true;
            }
            if found.is_notified() {
                if notify.try_consume() {
                    node.settle(ONE_CODE); // For `keep_position`.
                    return true;
                }
            } else if notify.begin_queue(found) {
                // SAFETY: the node is in no queue; `leave` removes it before it is dropped.
                unsafe { waiters.push(node, waker, generation) };
                return false;
            }
            // Another was faster: look again.
        }
    }

    fn look_again(
        node: Pin<&WaitNode<usize>>,
        generation: usize,
        notify: &Notify,
        waker: Option<&Waker>,
    ) -> bool {
        let mut fresh = waker.cloned();
        let mut waiters = notify.waiters.lock();
        let found = notify.waiters_of(&mut waiters);
        match node.state() {
            WaitState::Queued if found.generation() == generation => {
                if let Some(waker) = fresh.take() {
                    // SAFETY: the node is in this queue.
                    fresh = unsafe { waiters.set_waker(node, waker) };
                }
                drop(waiters);
                drop(fresh);
                false
            }
            WaitState::Queued => {
                // A `notify_waiters` is about to reach us.
                // SAFETY: the node is in this queue.
                let own = unsafe { waiters.remove(node) };
                notify.waiters_changed(&waiters);
                drop(waiters);
                drop(own);
                true
            }
            _ => {
                drop(waiters);
                Self::await_service(node);
                true
            }
        }
    }

    /// Waits for the few steps between the winning of a node and its being served.
    fn await_service(node: Pin<&WaitNode<usize>>) {
        let mut spins = 0;
        while node.state() == WaitState::Alone {
            if spins < SPINS {
                relax();
                spins += 1;
            } else {
                yield_thread();
            }
        }
    }

    /// A first poll without a spare unit of the budget: it takes the position in the queue, or the notification that is
    /// there, which the next poll comes for. Otherwise of two such waits only one would see two notifications.
    #[cold]
    fn keep_position(self: Pin<&mut Self>, notify: &Notify, waker: &Waker) {
        // SAFETY: the node is not moved; the other fields are not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // A call of `notify_waiters` is not forgotten: the next poll finds it, too.
        if this.stage != Stage::Fresh || notify.generation() != this.generation {
            return;
        }
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        if notify.try_consume() {
            node.settle(ONE_CODE);
        } else {
            Self::begin(node, this.generation, notify, waker.clone());
        }
        if node.state() != WaitState::Idle {
            this.stage = Stage::Waiting;
        }
    }

    /// Leaves; a notification that was not looked at goes to the next (I3).
    pub(super) fn leave(self: Pin<&mut Self>, notify: &Notify) {
        if self.stage != Stage::Waiting {
            return;
        }
        // SAFETY: the node is not moved; the other fields are not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&this.node) };
        if !matches!(node.state(), WaitState::Done(_)) {
            let mut waiters = notify.waiters.lock();
            notify.waiters_of(&mut waiters);
            if node.state() == WaitState::Queued {
                // SAFETY: the node is in this queue.
                let own = unsafe { waiters.remove(node) };
                notify.waiters_changed(&waiters);
                drop(waiters);
                drop(own);
                return;
            }
            drop(waiters);
            Self::await_service(node);
        }
        match node.state() {
            WaitState::Done(ONE_CODE) => notify.notify(End::Front),
            WaitState::Done(LAST_CODE) => notify.notify(End::Back),
            _ => {}
        }
    }

    pub(super) fn poll(self: Pin<&mut Self>, notify: &Notify, cx: &mut Context<'_>) -> Poll<()> {
        let Poll::Ready(unit) = coop::raw::poll_spare(cx) else {
            if !coop::raw::is_traced() {
                self.keep_position(notify, cx.waker());
            }
            return Poll::Pending;
        };
        if !self.advance(notify, Some(cx.waker())) {
            return Poll::Pending;
        }
        unit.made_progress();
        Poll::Ready(())
    }
}
