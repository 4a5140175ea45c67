//! What both sides of a watch channel share: the value behind a lock, its version, and the tasks that wait.
//!
//! Idea        A send writes the value under the lock, adds one to the version, and looks at a mark
//!             in the same word that says whether anyone waits. A receiver compares versions.
//! States      of the word:  version | WAITERS | CLOSED
//! Invariants  I1 `value` is read by holders of one permit and written by the holder of all.
//!             I2 the version changes under the write lock, so under the read lock it belongs to
//!             the value.
//!             I3 WAITERS is set exactly if the wait queue is not empty, seen under the queue's lock.
//!             I4 a waiter has the version of the word at the time it joined; a waiter with an
//!             older version is to be woken.
//!             I5 without threads only one context uses a channel, since whoever borrows the value makes
//!             others wait: the handles are not `Send` there.
//! Rejected    One wait queue per shard of receivers: a send would visit every shard.
#![allow(unsafe_code)]

use core::future::Future;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::super::blocking;
use super::super::notify::Notify;
use super::super::permits::PlainPermits;
use crate::coop;
use crate::platform::{
    AtomicUsize, HAS_THREADS, Lock, Ordering, UnsafeCell, WithThreads, limit, relax,
};
use crate::wake::{WaitNode, WaitQueue, WaitState, WakeBatch};

const CLOSED: usize = 0b01;
const WAITERS: usize = 0b10;
const VERSION_STEP: usize = 0b100;
const MOST_READERS: u64 = (u32::MAX >> 3) as u64;

/// How often a look or a send that meets another tries again before its thread sleeps; once where
/// a model has to follow each try.
const SPINS: usize = limit(100, 1);

/// A version of the value; only equality counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(usize);

impl Version {
    /// The version before: that of a value that was not seen.
    pub(super) const fn previous(self) -> Self {
        Self(self.0.wrapping_sub(VERSION_STEP))
    }
}

pub(super) struct Shared<T> {
    word: AtomicUsize,
    readers: PlainPermits,
    waiters: Lock<WaitQueue<usize>>,
    pub(super) receivers: AtomicUsize,
    pub(super) senders: AtomicUsize,
    pub(super) no_receivers: Notify,
    value: UnsafeCell<T>,
}

// SAFETY: the permits order all access to the value (I1).
unsafe impl<T: Send + WithThreads> Send for Shared<T> {}
// SAFETY: as above; readers share the value, hence `T: Sync`.
unsafe impl<T: Send + Sync + WithThreads> Sync for Shared<T> {}

// A change that panics gives its permits back and tells nobody: the channel itself stays whole.
impl<T> core::panic::UnwindSafe for Shared<T> {}
impl<T> core::panic::RefUnwindSafe for Shared<T> {}

/// Read access to the value.
pub(super) struct ReadGuard<'a, T>(&'a Shared<T>);

impl<T> Deref for ReadGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.value.with(|value| {
            // SAFETY: we hold a permit (I1).
            unsafe { &*value }
        })
    }
}

impl<T> Drop for ReadGuard<'_, T> {
    fn drop(&mut self) {
        self.0.readers.give_untold(1);
    }
}

/// Gives all permits back after a write, also when the write panics.
struct WriteGuard<'a, T>(&'a Shared<T>);

impl<T> Drop for WriteGuard<'_, T> {
    fn drop(&mut self) {
        self.0.readers.give_untold(MOST_READERS);
    }
}

impl<T> Shared<T> {
    pub(super) fn new(value: T, receivers: usize) -> Self {
        Self {
            word: AtomicUsize::new(0),
            readers: PlainPermits::new(MOST_READERS as usize),
            waiters: Lock::new(WaitQueue::new()),
            receivers: AtomicUsize::new(receivers),
            senders: AtomicUsize::new(1),
            no_receivers: Notify::new(),
            value: UnsafeCell::new(value),
        }
    }

    #[inline]
    fn lock(&self, permits: u64) {
        if self.readers.try_take(permits, 0).is_err() {
            self.lock_contended(permits);
        }
    }

    /// As any lock would: looks again for a while, since holders are short, then sleeps.
    #[cold]
    fn lock_contended(&self, permits: u64) {
        if !HAS_THREADS {
            panic!("the watch's value is borrowed in this very context (I5): drop the `Ref` first");
        }
        for _ in 0..SPINS {
            relax();
            if self.readers.try_take(permits, 0).is_ok() {
                return;
            }
        }
        let taken = blocking::wait_anyway(self.readers.take(permits));
        debug_assert!(taken.is_ok(), "the value's lock is never closed");
    }

    /// The value, held against writers until dropped, and its version.
    pub(super) fn read(&self) -> (ReadGuard<'_, T>, Version) {
        self.lock(1);
        let reading = ReadGuard(self);
        (reading, self.version())
    }

    pub(super) fn version(&self) -> Version {
        // Acquire: pairs with the Release in `write`.
        Version(self.word.load(Ordering::Acquire) & !(CLOSED | WAITERS))
    }

    /// The version, or `None` if every sender is gone.
    pub(super) fn is_closed(&self) -> bool {
        // Acquire: pairs with the Release in `close`.
        self.word.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Changes the value; if `change` says so, tells the receivers.
    pub(super) fn write(&self, change: impl FnOnce(&mut T) -> bool) -> bool {
        self.lock(MOST_READERS);
        let writing = WriteGuard(self);
        let changed = self.value.with_mut(|value| {
            // SAFETY: we hold all permits (I1).
            change(unsafe { &mut *value })
        });
        if !changed {
            return false;
        }
        // AcqRel: Release pairs with the Acquire in `version`; Acquire with the waiters, who set
        // the mark.
        let before = self.word.fetch_add(VERSION_STEP, Ordering::AcqRel);
        drop(writing);
        if before & WAITERS != 0 {
            self.wake_line();
        }
        true
    }

    /// Says that every sender is gone.
    pub(super) fn close(&self) {
        // AcqRel: as in `write`.
        if self.word.fetch_or(CLOSED, Ordering::AcqRel) & WAITERS != 0 {
            self.wake_line();
        }
    }

    /// Wakes the waiters for another version than the current one, or all if closed.
    #[cold]
    fn wake_line(&self) {
        let mut batch = WakeBatch::new();
        loop {
            let mut waiters = self.waiters.lock();
            // Acquire: pairs with the Release in `write`.
            let word = self.word.load(Ordering::Acquire);
            let version = word & !(CLOSED | WAITERS);
            while let (true, Some(joined)) = (batch.has_room(), waiters.front()) {
                if *joined == version && word & CLOSED == 0 {
                    break;
                }
                batch.push(waiters.pop_front(0).expect("the front exists"));
            }
            self.waiters_changed(&waiters);
            let finished = batch.has_room();
            drop(waiters);
            batch.wake_all();
            if finished {
                return;
            }
        }
    }

    /// Restores I3 after waiters left.
    fn waiters_changed(&self, waiters: &WaitQueue<usize>) {
        if waiters.is_empty() {
            // Relaxed: the mark guards nothing but the wait queue, which the lock guards.
            self.word.fetch_and(!WAITERS, Ordering::Relaxed);
        }
    }

    /// Waits until the version is not `seen` any more, or every sender is gone.
    pub(super) const fn change(&self, seen: Version) -> Change<T, &Self> {
        Change::new(self, seen)
    }
}

/// Waits for a new version; `Err` if every sender is gone and there is none. `S` is how it reaches the channel.
pub(super) struct Change<T, S: Deref<Target = Shared<T>>> {
    shared: S,
    seen: Version,
    node: Option<WaitNode<usize>>,
}

impl<T, S: Deref<Target = Shared<T>>> Change<T, S> {
    /// A wait until the version is not `seen` any more.
    pub(super) const fn new(shared: S, seen: Version) -> Self {
        Self {
            shared,
            seen,
            node: None,
        }
    }

    /// Waits from here on until the version is not `seen` any more: for whoever has polled it to its end.
    #[cfg(feature = "futures")]
    pub(super) const fn rearm(self: Pin<&mut Self>, seen: Version) {
        // SAFETY: the node is not moved, nor touched.
        unsafe { self.get_unchecked_mut() }.seen = seen;
    }

    fn look(&self) -> Poll<Result<Version, ()>> {
        let version = self.shared.version();
        if version != self.seen {
            return Poll::Ready(Ok(version));
        }
        if self.shared.is_closed() {
            // The last value may have come between the two looks.
            let version = self.shared.version();
            return Poll::Ready(if version == self.seen {
                Err(())
            } else {
                Ok(version)
            });
        }
        Poll::Pending
    }

    /// Joins the wait queue or replaces the waker in it; `false` if there is something to see instead.
    fn join(self: Pin<&mut Self>, cx: &Context<'_>) -> bool {
        let waker = cx.waker().clone();
        // SAFETY: the node is not moved from here on; nothing else is pinned.
        let this = unsafe { self.get_unchecked_mut() };
        let node = this.node.get_or_insert_with(|| WaitNode::new(0));
        // SAFETY: structurally pinned.
        let node = unsafe { Pin::new_unchecked(&*node) };
        let shared = &*this.shared;
        let mut waiters = shared.waiters.lock();
        let seen = this.seen.0;
        // AcqRel: a sender that comes later sees the mark, one that came earlier is seen here.
        let waits = shared
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
                (word & !WAITERS == seen).then_some(word | WAITERS)
            });
        if waits.is_err() {
            return false;
        }
        let spare = match node.state() {
            // SAFETY: the node is in this queue.
            WaitState::Queued => unsafe { waiters.set_waker(node, waker) },
            _ => {
                // SAFETY: the node is in no queue; `drop` removes it.
                unsafe { waiters.push(node, waker, seen) };
                None
            }
        };
        drop(waiters);
        drop(spare);
        true
    }
}

impl<T, S: Deref<Target = Shared<T>>> Future for Change<T, S> {
    type Output = Result<Version, ()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let unit = ready!(coop::poll_proceed(cx));
        loop {
            if let Poll::Ready(seen) = self.look() {
                unit.made_progress();
                return Poll::Ready(seen);
            }
            if self.as_mut().join(cx) {
                return Poll::Pending;
            }
        }
    }
}

impl<T, S: Deref<Target = Shared<T>>> Drop for Change<T, S> {
    fn drop(&mut self) {
        let Some(node) = &self.node else { return };
        // SAFETY: pinned since it was queued, and dropped in place.
        let node = unsafe { Pin::new_unchecked(node) };
        if node.state() != WaitState::Queued {
            return;
        }
        let mut waiters = self.shared.waiters.lock();
        // SAFETY: the node is in this queue or was woken.
        let own = unsafe { waiters.remove(node) };
        self.shared.waiters_changed(&waiters);
        drop(waiters);
        drop(own);
    }
}
