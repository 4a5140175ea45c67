//! A queue of waiting tasks: first come, first served; each waiter's node lives in its future.
//!
//! Idea        A queue is kept under one lock with the value or the permits that its tasks wait for. A waiter is a
//!             pinned [`WaitNode`] in the future itself. Whoever serves a waiter takes its waker out
//!             under the lock, marks the node and wakes after the lock is released.
//! States      of a node:  IDLE ─push→ QUEUED ─pop(code)→ done(code);   QUEUED ─remove→ IDLE
//!             beside a queue:  IDLE ─wait_alone→ ALONE ─serve(code)→ done(code);   ALONE ─take_back→ IDLE;
//!             ALONE ─adopt→ QUEUED
//! Invariants  I1 everything in a node but `state` is touched only by the holder of the lock that
//!             guards the node's queue, or by the node's owner while the node is not QUEUED; an
//!             ALONE node by whoever won it, as the protocol of its slot says.
//!             I2 setting a done state is the last touch of a popped node: its owner may free it
//!             from then on without taking the lock.
//!             I3 wakers are cloned, woken and dropped outside the lock, since they are foreign
//!             code: methods take and return them by value.
//! Rejected    `VecDeque<Waker>`: it allocates, and a cancelled waiter cannot be removed.
#![allow(unsafe_code)]

use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr::{NonNull, addr_of_mut};
use core::task::Waker;

use crate::collections::{Link, Linked, List};
use crate::maybe_const;
use crate::platform::{AtomicUsize, Ordering, UnsafeCell};

const IDLE: usize = 0;
const QUEUED: usize = 1;
const ALONE: usize = 2;
/// Done codes are stored above the other states.
const DONE: usize = 3;

/// Where a [`WaitNode`] stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WaitState {
    /// In no queue, and not served.
    Idle,
    /// In a queue.
    Queued,
    /// Waiting beside the queue, or about to be served by who won it.
    Alone,
    /// Served, with the code that the server gave.
    Done(u8),
}

#[derive(Debug)]
struct NodeState<T> {
    link: Link<WaitNode<T>>,
    waker: Option<Waker>,
    payload: T,
}

/// One waiter's place in a [`WaitQueue`], with a payload that the queue's lock guards.
///
/// Only who serves a node says that it is served: its owner lets it go then, without a look at the queue.
///
/// ```compile_fail,E0624
/// use selkie_core::raw::wake::WaitNode;
///
/// fn let_go_of_a_queued(node: &WaitNode<()>) {
///     node.settle(0);
/// }
/// ```
#[derive(Debug)]
pub struct WaitNode<T> {
    state: AtomicUsize,
    guarded: UnsafeCell<NodeState<T>>,
    _pinned: PhantomPinned,
}

// SAFETY: what is not atomic is reached under the queue's lock or by the sole owner (I1).
unsafe impl<T: Send> Send for WaitNode<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for WaitNode<T> {}

// Nothing foreign runs while a node is half changed, so no panic shows one.
impl<T> core::panic::RefUnwindSafe for WaitNode<T> {}

// SAFETY: the link is a field of the node, and only the list changes it.
unsafe impl<T> Linked for WaitNode<T> {
    unsafe fn link(node: NonNull<Self>) -> NonNull<Link<Self>> {
        // SAFETY: the node is alive by the caller's promise.
        let guarded = unsafe { &node.as_ref().guarded };
        guarded.with_mut(|guarded| {
            // SAFETY: a field of a live node; the address is taken, nothing is read.
            let link = unsafe { addr_of_mut!((*guarded).link) };
            // SAFETY: the address of a field is not null.
            unsafe { NonNull::new_unchecked(link) }
        })
    }
}

impl<T> WaitNode<T> {
    maybe_const! {
        /// A node in no queue.
        pub fn new(payload: T) -> Self {
            Self {
                state: AtomicUsize::new(IDLE),
                guarded: UnsafeCell::new(NodeState { link: Link::new(), waker: None, payload }),
                _pinned: PhantomPinned,
            }
        }
    }

    /// Where the node stands. What the server did before it served the node is visible after
    /// this returns `Done`.
    #[inline]
    pub fn state(&self) -> WaitState {
        // Acquire: pairs with the Release in `serve` (I2).
        match self.state.load(Ordering::Acquire) {
            IDLE => WaitState::Idle,
            QUEUED => WaitState::Queued,
            ALONE => WaitState::Alone,
            code => WaitState::Done((code - DONE) as u8),
        }
    }

    /// Makes a served node ready to wait again.
    ///
    /// # Panics
    /// In debug builds, if the node is in a queue.
    pub(crate) fn reset(&self) {
        debug_assert_ne!(
            self.state(),
            WaitState::Queued,
            "a queued node cannot be reset"
        );
        // Relaxed: the owner alone looks at a node that is in no queue.
        self.state.store(IDLE, Ordering::Relaxed);
    }

    /// Marks a node that waits nowhere as served, with `code`: its owner took what it wants itself.
    ///
    /// # Panics
    /// In debug builds, if the node is in a queue.
    pub(crate) fn settle(&self, code: u8) {
        debug_assert_ne!(
            self.state(),
            WaitState::Queued,
            "a queued node is served by others"
        );
        // Relaxed: the owner alone looks at a node that is in no queue.
        self.state
            .store(DONE + usize::from(code), Ordering::Relaxed);
    }

    /// Calls `look` with the payload of a served node, as its server left it.
    ///
    /// # Safety
    /// The caller is the node's owner, and saw [`WaitState::Done`].
    pub unsafe fn served<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.guarded(|guarded| look(&guarded.payload))
    }

    /// Makes the node wait beside its queue, where its pointer is to be published.
    ///
    /// # Safety
    /// The node is in no queue, and the caller its owner, who keeps it alive until it is served,
    /// adopted and removed, or [taken back](Self::take_back).
    pub unsafe fn wait_alone(self: Pin<&Self>, waker: Waker, payload: T) {
        self.guarded(|guarded| {
            guarded.waker = Some(waker);
            guarded.payload = payload;
        });
        // Relaxed: whoever publishes the pointer does so with Release.
        self.state.store(ALONE, Ordering::Relaxed);
    }

    /// Takes a slot back that nobody can win any more, and returns the waker.
    ///
    /// # Safety
    /// The node is in the single-waiter slot, and the caller the one who won it.
    pub unsafe fn take_back(self: Pin<&Self>) -> Option<Waker> {
        // Relaxed: the owner alone looks at the node now.
        self.state.store(IDLE, Ordering::Relaxed);
        self.guarded(|guarded| guarded.waker.take())
    }

    /// Serves the node: marks it done with `code` and returns its waker.
    ///
    /// # Safety
    /// The node waits, alive; the caller won it, or has just taken it out of its queue.
    pub unsafe fn serve(node: NonNull<Self>, code: u8) -> Waker {
        // SAFETY: alive by the caller's promise, until the state below says that it is done.
        let node = unsafe { node.as_ref() };
        let waker = node.guarded(|guarded| guarded.waker.take());
        // Release: pairs with the Acquire in `state`. The last touch (I2).
        node.state
            .store(DONE + usize::from(code), Ordering::Release);
        debug_assert!(waker.is_some(), "a waiting node has a waker");
        // SAFETY: a node that waits has a waker, and the caller promises that it waits. A check would
        // bring code that panics into every firmware.
        unsafe { waker.unwrap_unchecked() }
    }

    fn guarded<R>(&self, f: impl FnOnce(&mut NodeState<T>) -> R) -> R {
        self.guarded.with_mut(|guarded| {
            // SAFETY: callers hold the queue's lock or own the idle node (I1).
            f(unsafe { &mut *guarded })
        })
    }
}

/// Waiters in the order they came. Put it inside the lock that guards what they wait for.
#[derive(Debug)]
pub struct WaitQueue<T> {
    nodes: List<WaitNode<T>>,
}

impl<T> Default for WaitQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

// SAFETY: pointers to nodes that are reached only through the queue's lock (I1).
unsafe impl<T: Send> Send for WaitQueue<T> {}

impl<T> WaitQueue<T> {
    /// A queue without waiters.
    pub const fn new() -> Self {
        Self { nodes: List::new() }
    }

    /// Whether nobody waits.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Puts `node` at the end of the wait queue.
    ///
    /// # Safety
    /// The node is in no queue. Before it is dropped, its owner calls [`remove`](Self::remove) on
    /// this queue under its lock, unless it saw [`WaitState::Done`].
    pub unsafe fn push(&mut self, node: Pin<&WaitNode<T>>, waker: Waker, payload: T) {
        let node = node.get_ref();
        node.guarded(|guarded| {
            guarded.waker = Some(waker);
            guarded.payload = payload;
        });
        // Relaxed: others reach the node through the lock only.
        node.state.store(QUEUED, Ordering::Relaxed);
        // SAFETY: in no queue by the caller's promise, pinned, removed before it is dropped.
        unsafe { self.nodes.push_back(NonNull::from(node)) };
    }

    /// Replaces the waker of a queued node and returns the one that is not needed; drop it after
    /// the lock is released.
    ///
    /// # Safety
    /// The node is in this queue or in none.
    pub unsafe fn set_waker(&mut self, node: Pin<&WaitNode<T>>, waker: Waker) -> Option<Waker> {
        if node.state() != WaitState::Queued {
            return Some(waker);
        }
        node.guarded(|guarded| match &mut guarded.waker {
            Some(held) if held.will_wake(&waker) => Some(waker),
            slot => slot.replace(waker),
        })
    }

    /// The payload of a queued node.
    ///
    /// # Safety
    /// The node is in this queue; its owner is the caller.
    pub unsafe fn payload_of<'a>(&'a mut self, node: Pin<&'a WaitNode<T>>) -> &'a mut T {
        node.get_ref().guarded.with_mut(|guarded| {
            // SAFETY: `&mut self` stands for the lock (I1).
            unsafe { &mut (*guarded).payload }
        })
    }

    /// The payload of the first in the queue.
    pub fn front(&mut self) -> Option<&mut T> {
        Self::payload(self.nodes.front()?)
    }

    /// The payload of the last in the queue.
    pub fn back(&mut self) -> Option<&mut T> {
        Self::payload(self.nodes.back()?)
    }

    fn payload<'a>(node: NonNull<WaitNode<T>>) -> Option<&'a mut T> {
        // SAFETY: nodes of the queue are alive.
        let node = unsafe { node.as_ref() };
        node.guarded.with_mut(|guarded| {
            // SAFETY: `&mut self` of the callers stands for the lock (I1).
            Some(unsafe { &mut (*guarded).payload })
        })
    }

    /// Serves the first in the queue: takes it out, marks it done with `code` and returns its waker.
    pub fn pop_front(&mut self, code: u8) -> Option<Waker> {
        let node = self.nodes.pop_front()?;
        // SAFETY: it was in the queue until now, so its owner keeps it alive: the owner needs the
        // lock, which we hold, to let it go (I1).
        Some(unsafe { WaitNode::serve(node, code) })
    }

    /// Serves the last in the queue.
    pub fn pop_back(&mut self, code: u8) -> Option<Waker> {
        let node = self.nodes.pop_back()?;
        // SAFETY: as in `pop_front`.
        Some(unsafe { WaitNode::serve(node, code) })
    }

    /// Puts the node of the single-waiter slot at the end of the wait queue, with the waker and the payload that it has.
    ///
    /// # Safety
    /// The node is in the single-waiter slot, and the caller the one who won it. From now on its owner removes it
    /// before it is dropped, as one that was pushed.
    pub unsafe fn adopt(&mut self, node: NonNull<WaitNode<T>>) {
        // SAFETY: the owner keeps the node of the single-waiter slot alive.
        let alone = unsafe { node.as_ref() };
        // Relaxed: the owner looks again under the lock.
        alone.state.store(QUEUED, Ordering::Relaxed);
        // SAFETY: in no queue, pinned since it was in the single-waiter slot, removed before it is dropped.
        unsafe { self.nodes.push_back(node) };
    }

    /// Takes `node` out if it is queued, and returns its waker then; drop it after the lock is
    /// released.
    ///
    /// # Safety
    /// The node is in this queue or in none.
    pub unsafe fn remove(&mut self, node: Pin<&WaitNode<T>>) -> Option<Waker> {
        let node = node.get_ref();
        // SAFETY: the node is alive, in this queue or in none; `&mut self` stands for the lock.
        if !unsafe { self.nodes.remove(NonNull::from(node)) } {
            return None;
        }
        // Relaxed: the owner is the caller.
        node.state.store(IDLE, Ordering::Relaxed);
        node.guarded(|guarded| guarded.waker.take())
    }
}
