//! Who waits for a source: one reader, one writer, and any number of others.
//!
//! Idea        The two that poll have a place each. The others are nodes of a list, which live in their
//!             futures.
//! Invariants  I1 a node of `others` is pinned and leaves the list, under the lock, before it dies.
//!             I2 no waker is cloned, woken or dropped under the lock.
//! Rejected    A list for all: two branches more for the streams that have one reader.
#![allow(unsafe_code)]

use std::ptr::NonNull;
use std::task::Waker;

use selkie_core::raw::collections::{Link, Linked, List};
use selkie_core::raw::platform::Lock;
use selkie_core::raw::wake::{WakeBatch, wake_each};

use crate::io::{Interest, Ready};

/// The direction of a poll: each has one waker of its own.
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

/// One of several that wait for the same source; lives in its future.
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
struct Places {
    reader: Option<Waker>,
    writer: Option<Waker>,
    others: List<Waiter>,
}

/// All who wait for one source.
#[derive(Debug)]
pub(super) struct Waiters(Lock<Places>);

impl Waiters {
    pub(super) fn new() -> Self {
        Self(Lock::new(Places {
            reader: None,
            writer: None,
            others: List::new(),
        }))
    }

    /// Runs `f` while nobody comes or goes; it wakes nobody.
    pub(super) fn alone<R>(&self, f: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock();
        f()
    }

    /// Makes `waker` the one that waits in `direction`.
    pub(super) fn wait(&self, direction: Direction, waker: &Waker) {
        let mut new = Some(waker.clone());
        {
            let mut places = self.0.lock();
            let place = match direction {
                Direction::Read => &mut places.reader,
                Direction::Write => &mut places.writer,
            };
            if !place.as_ref().is_some_and(|had| had.will_wake(waker)) {
                std::mem::swap(place, &mut new);
            }
        }
        drop(new); // I2
    }

    /// Lets the two that poll go, unwoken.
    pub(super) fn dismiss(&self) {
        let gone = {
            let mut places = self.0.lock();
            (places.reader.take(), places.writer.take())
        };
        drop(gone); // I2
    }

    /// Puts `node` among the others, unless `answers` has something for its interest once it is there.
    ///
    /// # Safety
    /// `node` is alive, pinned, in no list, and is taken out by [`forget`](Self::forget) before it
    /// dies (I1). The caller makes no reference into it while it may be in the list.
    pub(super) unsafe fn enqueue<R>(
        &self,
        node: NonNull<Waiter>,
        waker: &Waker,
        answers: impl FnOnce(Ready) -> Option<R>,
    ) -> Option<R> {
        let waker = waker.clone(); // I2
        let mut places = self.0.lock();
        // SAFETY: the node is alive and in no list; nobody else looks at it.
        let waiter = unsafe { &mut *node.as_ptr() };
        let mask = waiter.interest.mask();
        waiter.waker = Some(waker);
        // SAFETY: by the caller's promise (I1); the lock is the list's guard.
        unsafe { places.others.push_back(node) };
        let answer = answers(mask)?;
        // SAFETY: the node was just put in, and the lock has been held since.
        unsafe { places.others.remove(node) };
        Some(answer)
    }

    /// Whether `node` was woken; if not, it is `waker` that will be.
    ///
    /// # Safety
    /// `node` was given to [`enqueue`](Self::enqueue) of these and is alive.
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

    /// Takes `node` out if it is in.
    ///
    /// # Safety
    /// As for [`was_woken`](Self::was_woken).
    pub(super) unsafe fn forget(&self, node: NonNull<Waiter>) {
        let mut places = self.0.lock();
        // SAFETY: alive, in this list or in none; the lock is the list's guard.
        unsafe { places.others.remove(node) };
    }

    /// Wakes those who wait for any of `ready`.
    pub(super) fn wake(&self, ready: Ready) {
        let (mut reader, mut writer) = (None, None);
        let crowd;
        {
            let mut places = self.0.lock();
            if ready.intersects(Direction::Read.mask()) {
                reader = places.reader.take();
            }
            if ready.intersects(Direction::Write.mask()) {
                writer = places.writer.take();
            }
            crowd = !places.others.is_empty();
        }
        // I2: the lock is free again.
        let polling = reader.into_iter().chain(writer);
        if crowd {
            self.wake_others(ready, polling);
        } else {
            wake_each(polling);
        }
    }

    /// Wakes those who are in the list, after those who poll.
    #[cold]
    fn wake_others(&self, ready: Ready, polling: impl Iterator<Item = Waker>) {
        let mut batch = WakeBatch::new();
        polling.for_each(|waker| batch.push(waker));
        let mut more = true;
        while more {
            more = false;
            {
                let mut places = self.0.lock();
                let mut keep = List::new();
                while let Some(node) = places.others.pop_front() {
                    // SAFETY: nodes in the list are alive (I1), and the lock is held.
                    let waiter = unsafe { &mut *node.as_ptr() };
                    let wanted = waiter.interest.mask().intersects(ready);
                    if wanted && batch.has_room() {
                        batch.push(waiter.waker.take().expect("a waiter in line has a waker"));
                    } else {
                        more |= wanted;
                        // SAFETY: alive, pinned, just taken out; the lock guards both lists.
                        unsafe { keep.push_back(node) };
                    }
                }
                places.others = keep;
            }
            batch.wake_all(); // I2
        }
        // The driver wakes: nobody asked for it who could be told.
        batch.contain();
    }
}
