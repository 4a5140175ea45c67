//! Timers in a list, the earliest in front: used instead of a wheel where there are few timers.
//!
//! Idea        A timer is inserted behind those that are due before it or with it. The search starts at the
//!             back, so that a timer that is due last is inserted at once. The timers that fire are in
//!             front.
//! Invariants  I1 ticks never fall from the front to the back; equal ones are in the order in which
//!                they came.
//! Rejected    A wheel, where there is no heap: a few static tasks have few timers, and the
//!             lists of a wheel would take ten times the memory of those timers. An unsorted list: each
//!             alarm would walk past every timer, with interrupts off.
#![allow(unsafe_code)]

use core::ptr::NonNull;

use super::entry::Entry;
use crate::collections::List;

/// Timers in the order of their ticks.
#[derive(Debug)]
pub(super) struct TimerList {
    elapsed: u64,
    len: usize,
    entries: List<Entry>,
}

impl TimerList {
    /// An empty list.
    pub(super) const fn new() -> Self {
        Self {
            elapsed: 0,
            len: 0,
            entries: List::new(),
        }
    }

    /// Entries in the list.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The tick up to which everything has fired.
    pub(super) const fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// Moves an empty list to `elapsed`, forward or back.
    pub(super) fn restart(&mut self, elapsed: u64) {
        debug_assert_eq!(self.len, 0, "a list with timers was restarted");
        self.elapsed = elapsed;
    }

    /// Adds `entry`, whose tick is set; false, and nothing added, if that tick has passed.
    ///
    /// # Safety
    /// The caller holds the shard's lock; `entry` is alive, in no list, and stays so until it is
    /// taken out.
    pub(super) unsafe fn insert(&mut self, entry: NonNull<Entry>) -> bool {
        // SAFETY: alive, and the caller holds the lock.
        let tick = unsafe { Entry::tick(entry) };
        if tick <= self.elapsed {
            return false;
        }
        let mut next = None;
        let mut before = self.entries.back();
        while let Some(other) = before {
            // SAFETY: entries in the list are alive, and the caller holds the lock.
            if unsafe { Entry::tick(other) } <= tick {
                break;
            }
            next = before;
            // SAFETY: as above.
            before = unsafe { self.entries.before(other) };
        }
        match next {
            // SAFETY: in no list by the caller's promise; `next` is in this one.
            Some(next) => unsafe { self.entries.insert_before(next, entry) },
            // SAFETY: in no list by the caller's promise.
            None => unsafe { self.entries.push_back(entry) },
        }
        self.len += 1;
        true
    }

    /// Takes `entry` out.
    ///
    /// # Safety
    /// The caller holds the shard's lock, and `entry` is in this list.
    pub(super) unsafe fn remove(&mut self, entry: NonNull<Entry>) {
        // SAFETY: by the caller's promise.
        unsafe { self.entries.remove(entry) };
        self.len -= 1;
    }

    /// The next entry's tick; `None` if there is no entry.
    pub(super) fn next_tick(&self) -> Option<u64> {
        // SAFETY: entries in the list are alive, and whoever has the list holds its lock.
        self.entries
            .front()
            .map(|entry| unsafe { Entry::tick(entry) })
    }

    /// Moves to `now` and takes out one entry whose tick has come; `None` if there is no more.
    ///
    /// A `now` before [`elapsed`](Self::elapsed) changes nothing.
    pub(super) fn expire(&mut self, now: u64) -> Option<NonNull<Entry>> {
        match self.next_tick().filter(|&tick| tick <= now) {
            Some(tick) => {
                self.elapsed = tick;
                self.drain_one()
            }
            None => {
                self.elapsed = self.elapsed.max(now);
                None
            }
        }
    }

    /// Takes out any entry, whatever its tick.
    pub(super) fn drain_one(&mut self) -> Option<NonNull<Entry>> {
        let entry = self.entries.pop_front()?;
        self.len -= 1;
        Some(entry)
    }
}
