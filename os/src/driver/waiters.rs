//! The wait queue of one source: one reader, one writer, and any number of others.
//!
//! Idea        The reader and the writer that poll have one waker each, stored here. The others are nodes of an
//!             intrusive list; each node lives in the future that waits.
//! Invariants  I1 a node of `others` is pinned, and leaves the list, under the lock, before it is dropped.
//!             I2 no waker is cloned, woken or dropped under the lock.
//! Rejected    One list for all: two branches more for streams, which have one reader.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::task::Waker;

use selkie_core::raw::collections::{Link, Linked, List};
use selkie_core::raw::platform::Lock;
use selkie_core::raw::wake::{WakeBatch, wake_each};

use crate::async_io::{Interest, Ready};

/// The direction of a poll; each direction has one waker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Direction {
    #[inline]
    pub(super) const fn mask(self) -> Ready {
        match self {
            Self::Read => const { Interest::READABLE.mask() },
            Self::Write => const { Interest::WRITABLE.mask() },
        }
    }
}

/// One of several waiters for the same source; it lives in its future.
#[derive(Debug)]
pub(super) struct Waiter {
    link: Link<Waiter>,
    interest: Interest,
    waker: Option<Waker>,
}

impl Waiter {
    pub(super) const fn new(interest: Interest) -> Self {
        Self {
            link: Link::new(),
            interest,
            waker: None,
        }
    }
}

// SAFETY: a node in the list is touched under the slot's lock alone, by whichever thread holds it.
unsafe impl Send for Waiter {}

// SAFETY: `link` is a field of the node, and only the list changes it while it is in (I1).
unsafe impl Linked for Waiter {
    unsafe fn link(node: NonNull<Self>) -> NonNull<Link<Self>> {
        // SAFETY: the caller promises a live node; this makes no reference to it.
        let link = unsafe { &raw mut (*node.as_ptr()).link };
        // SAFETY: a field of a live node is not at address zero.
        unsafe { NonNull::new_unchecked(link) }
    }
}

#[derive(Debug)]
struct WaitQueue {
    reader: Option<Waker>,
    writer: Option<Waker>,
    others: List<Waiter>,
}

/// All waiters of one source.
#[derive(Debug)]
pub(super) struct Waiters(Lock<WaitQueue>);

impl Waiters {
    pub(super) fn new() -> Self {
        Self(Lock::new(WaitQueue {
            reader: None,
            writer: None,
            others: List::new(),
        }))
    }

    /// Calls `f` under the lock, while no waiter comes or goes; wakes nobody.
    pub(super) fn with_lock<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock();
        f()
    }

    /// Stores `waker` as the one that waits in `direction`.
    pub(super) fn wait(&self, direction: Direction, waker: &Waker) {
        let mut new = Some(waker.clone());
        {
            let mut queue = self.0.lock();
            let waiting = match direction {
                Direction::Read => &mut queue.reader,
                Direction::Write => &mut queue.writer,
            };
            if !waiting.as_ref().is_some_and(|had| had.will_wake(waker)) {
                std::mem::swap(waiting, &mut new);
            }
        }
        drop(new); // I2
    }

    /// Drops the wakers of the reader and the writer that poll, without waking them.
    pub(super) fn clear_pollers(&self) {
        let gone = {
            let mut queue = self.0.lock();
            (queue.reader.take(), queue.writer.take())
        };
        drop(gone); // I2
    }

    /// Puts `node` into the list, unless `ready_now` returns something for its interest once it is there.
    ///
    /// # Safety
    /// `node` is alive, pinned and in no list, and is taken out by [`dequeue`](Self::dequeue) before it is
    /// dropped (I1). The caller makes no reference into it while it may be in the list.
    pub(super) unsafe fn enqueue<R>(
        &self,
        node: NonNull<Waiter>,
        waker: &Waker,
        ready_now: impl FnOnce(Ready) -> Option<R>,
    ) -> Option<R> {
        let waker = waker.clone(); // I2
        let mut queue = self.0.lock();
        // SAFETY: the node is alive and in no list; nobody else looks at it.
        let waiter = unsafe { &mut *node.as_ptr() };
        let mask = waiter.interest.mask();
        waiter.waker = Some(waker);
        // SAFETY: by the caller's promise (I1); the lock is the list's guard.
        unsafe { queue.others.push_back(node) };
        let event = ready_now(mask)?;
        // SAFETY: the node was just put in, and the lock has been held since.
        unsafe { queue.others.remove(node) };
        Some(event)
    }

    /// Whether `node` was woken. If not, `waker` is the one that will be.
    ///
    /// # Safety
    /// `node` was given to [`enqueue`](Self::enqueue) of this queue and is alive.
    pub(super) unsafe fn was_woken(&self, node: NonNull<Waiter>, waker: &Waker) -> bool {
        let mut new = Some(waker.clone());
        {
            let _guard = self.0.lock();
            // SAFETY: alive by the caller's promise, and the lock keeps others away.
            let waiter = unsafe { &mut *node.as_ptr() };
            if !waiter.link.is_linked() {
                return true; // `new` outlives the lock (I2).
            }
            if !waiter
                .waker
                .as_ref()
                .is_some_and(|had| had.will_wake(waker))
            {
                std::mem::swap(&mut waiter.waker, &mut new);
            }
        }
        drop(new); // I2
        false
    }

    /// Takes `node` out of the list, if it is in it.
    ///
    /// # Safety
    /// As for [`was_woken`](Self::was_woken).
    pub(super) unsafe fn dequeue(&self, node: NonNull<Waiter>) {
        let mut queue = self.0.lock();
        // SAFETY: alive, in this list or in none; the lock is the list's guard.
        unsafe { queue.others.remove(node) };
    }

    /// Wakes the waiters whose interest intersects `ready`.
    pub(super) fn wake(&self, ready: Ready) {
        let (mut reader, mut writer) = (None, None);
        let has_others;
        {
            let mut queue = self.0.lock();
            if ready.intersects(Direction::Read.mask()) {
                reader = queue.reader.take();
            }
            if ready.intersects(Direction::Write.mask()) {
                writer = queue.writer.take();
            }
            has_others = !queue.others.is_empty();
        }
        // I2: the lock is free again.
        wake_each(reader);
        wake_each(writer);
        if has_others {
            self.wake_others(ready);
        }
    }

    /// Wakes the waiters of the list.
    #[cold]
    fn wake_others(&self, ready: Ready) {
        let mut batch = WakeBatch::new();
        let mut more = true;
        while more {
            more = false;
            {
                let mut queue = self.0.lock();
                let mut keep = List::new();
                while let Some(node) = queue.others.pop_front() {
                    // SAFETY: nodes in the list are alive (I1), and the lock is held.
                    let waiter = unsafe { &mut *node.as_ptr() };
                    let wanted = waiter.interest.mask().intersects(ready);
                    if wanted && batch.has_room() {
                        batch.push(waiter.waker.take().expect("a queued waiter has a waker"));
                    } else {
                        more |= wanted;
                        // SAFETY: alive, pinned, just taken out; the lock guards both lists.
                        unsafe { keep.push_back(node) };
                    }
                }
                queue.others = keep;
            }
            batch.wake_all(); // I2
        }
        // The driver is the caller: there is nobody whom a panic of a waker could be passed to.
        batch.contain();
    }
}
