//! Timers in a list, the earliest in front.
//!
//! Idea        A timer is inserted behind those that are due before it or with it. The timers that fire are in front.
//! Invariants  I1 deadlines never fall from the front to the back; equal ones are in the order in which
//!                they came.
//!             I2 an entry is in the list exactly while it is WAITING.
//! Rejected    A wheel: the lists of a wheel would take ten times the memory of those timers. Links in both directions: a
//!             word more in each timer, so that one that is dropped need not be looked for. An unsorted list: each
//!             alarm would walk past every timer, with interrupts off.
#![allow(unsafe_code)]

use core::ptr::NonNull;
use core::task::Waker;

use super::entry::{Entry, EntryState, Phase};
use crate::platform::RawInstant;

/// Timers in the order of their deadlines; whoever has it holds its lock.
#[derive(Debug)]
pub(super) struct TimerList {
    first: Option<NonNull<Entry>>,
}

// SAFETY: entries are reached through the lock.
unsafe impl Send for TimerList {}

/// The place of a link: in the list, or in an entry.
type Link = NonNull<Option<NonNull<Entry>>>;

impl TimerList {
    /// An empty list.
    pub(super) const fn new() -> Self {
        Self { first: None }
    }

    /// The state of an entry that is in the list, or about to be: such entries are alive.
    #[allow(clippy::mut_from_ref)]
    fn state(&self, entry: NonNull<Entry>) -> &mut EntryState {
        // SAFETY: alive.
        let entry = unsafe { entry.as_ref() };
        // SAFETY: under the lock, which `self` stands for; callers let it go before they look again.
        unsafe { entry.state() }
    }

    /// Changes the phase of an entry that is in the list, or was until now.
    fn set_phase(&mut self, entry: NonNull<Entry>, phase: Phase) {
        // SAFETY: alive.
        let entry = unsafe { entry.as_ref() };
        // SAFETY: under the lock, which `self` stands for.
        unsafe { entry.set_phase(phase) };
    }

    /// The first deadline.
    pub(super) fn next_deadline(&self) -> Option<RawInstant> {
        Some(self.state(self.first?).deadline())
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        let mut len = 0;
        let mut next = self.first;
        while let Some(entry) = next {
            len += 1;
            next = self.state(entry).next;
        }
        len
    }

    /// The first link whose entry `stops`, or the last link.
    fn link(&mut self, stops: impl Fn(&Self, NonNull<Entry>) -> bool) -> Link {
        let mut link = NonNull::from(&mut self.first);
        // SAFETY: the link of the list, or of an entry that is alive, and the lock is held.
        while let Some(entry) = unsafe { *link.as_ptr() }.filter(|&entry| !stops(self, entry)) {
            link = NonNull::from(&mut self.state(entry).next);
        }
        link
    }

    /// Adds `entry`, whose deadline is set; says whether it is the first.
    ///
    /// # Safety
    /// `entry` is alive, in no list, and stays so until it is taken out.
    pub(super) unsafe fn insert(&mut self, entry: NonNull<Entry>) -> bool {
        let deadline = self.state(entry).deadline();
        let link = self.link(|list, other| list.state(other).deadline() > deadline);
        // SAFETY: a link, under the lock.
        let next = unsafe { link.replace(Some(entry)) };
        self.state(entry).next = next;
        self.set_phase(entry, Phase::Waiting);
        self.first == Some(entry)
    }

    /// Takes `entry` out.
    ///
    /// # Safety
    /// `entry` is in this list.
    pub(super) unsafe fn remove(&mut self, entry: NonNull<Entry>) -> Option<Waker> {
        let link = self.link(|_list, other| other == entry);
        let state = self.state(entry);
        let (next, waker) = (state.next, state.waker.take());
        // SAFETY: the link to the entry, under the lock.
        unsafe { link.write(next) };
        self.set_phase(entry, Phase::Idle);
        waker
    }

    /// Takes out one entry that is due by `now`, if there is one, and returns whom to wake. It is done with `phase` then, and
    /// may be freed as soon as the lock is released.
    pub(super) fn pop_due(&mut self, now: RawInstant, phase: Phase) -> Option<Waker> {
        let first = self.first?;
        let state = self.state(first);
        if state.deadline() > now {
            return None;
        }
        let (next, waker) = (state.next, state.waker.take());
        self.first = next;
        self.set_phase(first, phase);
        waker
    }
}
