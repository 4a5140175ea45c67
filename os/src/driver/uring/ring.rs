//! The ring: what was submitted, and who waits for it.
//!
//! Idea        One small ring of several (see `rings`). An operation hands over all memory that the
//!             system will touch; it comes back with the outcome. An operation on a file is submitted
//!             at once, and takes what is complete by then; those on sockets lie in a line until the
//!             ring's worker is about to sleep or to look for events, so that one system call submits
//!             many. The reactor takes completions too, since the ring's descriptor is one of its
//!             sources.
//! States      of an operation: see `operations`;   of the ring: open ─begin_close→ closed, see `closing`
//! Invariants  I1 who has the system take entries holds `entering`, and takes `state` within it, never
//!                the other way round; completions are taken under `state`.
//!             I2 who puts something into the line has it submitted: `settle` comes, or `hand_over` is
//!                called (I1 of `rings`).
//!             I3 no foreign code runs under a lock.
//!             I4 after a submission that failed for good nothing is ever submitted: what the system
//!                did not take, it will not see. One that failed for now is tried again, see `submitting`.
//!             I5 the ring's memory is not given back before the last completion, notices apart.
//!             I6 a fork shares the ring: a process that was forked since takes nothing out of it, puts
//!                nothing in, and leaves all that is lent to it where it is. It takes no lock either: a
//!                thread that is not there may hold it.
//!             I7 what the system has lost is told to be lost, see `lost`.
//! Rejected    A ring that only its maker may reap (`DEFER_TASKRUN`): a worker that is busy would hold
//!             up files and sockets of tasks that others run. One lock: while the system sends what was
//!             submitted, a thread that takes completions would wait.
#![allow(unsafe_code)]

use std::io;
use std::mem::{self, ManuallyDrop};
use std::os::fd::RawFd;
use std::sync::{Arc, Weak};
use std::task::Waker;

use io_uring::squeue;
use io_uring::types::BufRingEntry;
use selkie_core::platform::{Lock, LockGuard};

use super::super::error::{forked_error, shutdown_error};
use super::kernel::Kernel;
use super::operations::{After, Kind, MAX_SOCKETS, Told};
use super::payload::{Completion, Payload};
use super::starved::Starved;
use super::state::{NOT_AN_OPERATION, State};
use super::system::{Abilities, Entries, Queues, System};
use super::table::Table;
use crate::sys::OwningProcess;

/// Groups of buffers at a time.
const MAX_GROUPS: usize = 1_024;

/// A ring.
pub(crate) struct Ring {
    /// Dropped by hand: see I5.
    pub(super) system: ManuallyDrop<System>,
    /// Entries on their way to the system (I1).
    entering: Lock<Entries>,
    pub(super) state: Lock<State>,
    table: Lock<Table>,
    process: OwningProcess,
    /// For the thread that submits what is held up.
    pub(super) own: Weak<Self>,
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring")
            .field("fd", &self.fd())
            .finish_non_exhaustive()
    }
}

impl Ring {
    /// A ring, if the system has one for us that can do what is asked of it.
    pub(super) fn new() -> io::Result<Arc<Self>> {
        let system = System::new()?;
        Ok(Arc::new_cyclic(|own| Self {
            system: ManuallyDrop::new(system),
            entering: Lock::new(Entries::default()),
            state: Lock::new(State::default()),
            table: Lock::default(),
            process: OwningProcess::current(),
            own: Weak::clone(own),
        }))
    }

    pub(super) fn fd(&self) -> RawFd {
        self.system.fd()
    }

    pub(crate) fn abilities(&self) -> Abilities {
        self.system.abilities
    }

    pub(super) fn lock(&self) -> LockGuard<'_, State> {
        self.state.lock()
    }

    /// Whether this is the process that the ring was made in (I6).
    #[inline]
    pub(super) fn is_same_process(&self) -> bool {
        self.process.is_current()
    }

    /// Why the ring has just taken nothing.
    pub(crate) fn refusal(&self) -> io::Error {
        if !self.is_same_process() {
            return forked_error();
        }
        let state = self.lock();
        if state.has_ended {
            shutdown_error()
        } else if state.is_broken {
            io::Error::other("the system takes nothing more by this io_uring")
        } else {
            io::Error::other(format!(
                "io_uring: {MAX_SOCKETS} of {MAX_SOCKETS} operations on sockets are under way"
            ))
        }
    }

    /// Submits `entry`, of an operation on a file; its slot, or the payload if the ring takes nothing
    /// now.
    ///
    /// # Safety
    /// All that `entry` points to, and its descriptor, belong to `payload`, and stay where they are
    /// when the box is moved.
    pub(super) unsafe fn submit(
        &self,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
    ) -> Result<usize, Box<dyn Payload>> {
        if !self.is_same_process() {
            return Err(payload); // I6
        }
        // SAFETY: by the caller's promise.
        let index = unsafe { self.lock().push(Kind::File, entry, payload) }?;
        self.submit_all();
        let mut after = After::default();
        let mut state = self.lock();
        if let Some(place) = state.unseen.iter().position(|&other| other == index) {
            state.unseen.swap_remove(place);
            return Err(state.operations.withdraw(index));
        }
        self.take(&mut state, &mut after);
        let has_stopped = state.has_stopped;
        drop(state);
        if has_stopped {
            self.reap();
        }
        after.do_it();
        Ok(index)
    }

    /// Puts `entry`, of an operation on a socket, into the line; its slot, or the payload if the ring
    /// takes nothing now. Who calls this sees to I2.
    ///
    /// # Safety
    /// As for [`submit`](Self::submit).
    pub(crate) unsafe fn queue(
        &self,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
        kind: Kind,
    ) -> Result<usize, Box<dyn Payload>> {
        if !self.is_same_process() {
            return Err(payload); // I6
        }
        // SAFETY: by the caller's promise.
        unsafe { self.lock().push(kind, entry, payload) }
    }

    /// Submits what lies in the line, unless another thread is about to.
    fn submit_line(&self) {
        if !self.lock().line.is_empty() {
            self.submit_all();
        }
    }

    pub(super) fn enter(&self) -> LockGuard<'_, Entries> {
        self.entering.lock()
    }

    /// Submits what lies in the line, and takes what is complete by then: for threads that will not
    /// `settle` (I2).
    pub(crate) fn hand_over(&self) {
        if self.is_same_process() {
            self.submit_line();
            self.reap();
        }
    }

    /// Submits what lies in the line, has the system finish what it keeps for this thread, and takes
    /// what is complete. Says whether anybody was woken, or has put more into the line.
    pub(super) fn settle(&self) -> bool {
        if !self.is_same_process() {
            return false; // I6
        }
        self.submit_line();
        let entering = self.enter();
        // SAFETY: `entering` is held (I1).
        unsafe { self.system.catch_up() };
        drop(entering);
        self.reap() || !self.lock().line.is_empty()
    }

    /// Takes what is complete. Says whether anybody was woken.
    pub(super) fn reap(&self) -> bool {
        let mut after = After::default();
        let mut state = self.lock();
        self.take(&mut state, &mut after);
        while mem::take(&mut state.was_full) && !state.is_broken {
            drop(state);
            let entering = self.enter();
            // SAFETY: `entering` is held (I1).
            unsafe { self.system.catch_up() };
            drop(entering);
            state = self.lock();
            self.take(&mut state, &mut after);
        }
        let has_stopped = mem::take(&mut state.has_stopped);
        drop(state);
        if has_stopped {
            // The ring's worker may sleep.
            self.submit_all();
        }
        after.do_it()
    }

    /// Takes what is complete.
    pub(super) fn take(&self, state: &mut State, after: &mut After) {
        for index in mem::take(&mut state.unseen) {
            state.deliver(index, Completion::new(-libc::ECANCELED, 0), after);
        }
        let mut count = 0;
        loop {
            let known = state.losses.dropped;
            let take = |called, told| {
                count += 1;
                if called & NOT_AN_OPERATION == 0 {
                    state.deliver(called as usize, told, after);
                } else {
                    state.complete_other(called, after);
                }
            };
            // SAFETY: `state` is locked (I1).
            match unsafe { self.system.take(known, take) } {
                Ok(()) => break,
                Err(dropped) => state.lose(dropped, after), // I7
            }
        }
        state.was_full |= count >= self.system.completions();
    }

    /// The outcome of the operation in slot `index`, which is free then; else `waker` waits for it.
    ///
    /// # Panics
    /// In a process that was forked since.
    pub(crate) fn outcome(
        &self,
        index: usize,
        waker: &Waker,
    ) -> Option<(Completion, Box<dyn Payload>)> {
        self.process.assert_current();
        let mut mine = Some(waker.clone());
        let outcome = self.lock().operations.outcome(index, &mut mine);
        drop(mine); // I3
        outcome
    }

    /// What the operation in slot `index` has to tell; if it is nothing, `waker` waits for it, unless the
    /// runtime has ended. If that was all, the slot is free.
    ///
    /// # Panics
    /// In a process that was forked since.
    pub(crate) fn next(&self, index: usize, waker: &Waker) -> Told {
        self.process.assert_current();
        let mut mine = Some(waker.clone());
        let mut state = self.lock();
        let told = state.operations.next(index, &mut mine);
        let has_ended = state.has_ended;
        drop(state);
        drop(mine); // I3
        match told {
            Told::Nothing if has_ended => Told::Ended,
            told => told,
        }
    }

    /// Nobody waits for slot `index` any more: what it owns goes with its last completion, which is
    /// asked for if `cancels`. Who cancels sees to I2.
    pub(crate) fn abandon(&self, index: usize, cancels: bool) {
        if !self.is_same_process() {
            return; // I6
        }
        let mut after = After::default();
        let mut state = self.lock();
        if state.operations.abandon(index, &mut after) && cancels && !state.is_closed {
            state.cancel(index);
        }
        drop(state);
        after.do_it();
    }

    /// Has the operation in slot `index` end, for who waits for it. Who calls this sees to I2.
    pub(crate) fn stop(&self, index: usize) {
        if !self.is_same_process() {
            return; // I6
        }
        let mut state = self.lock();
        if state.operations.stop(index) && !state.is_closed {
            state.cancel(index);
        }
    }

    /// Calls `f` with the table of files.
    pub(super) fn with_table<R>(&self, f: impl FnOnce(&mut Table, &Queues) -> R) -> R {
        let mut table = self.table.lock();
        f(&mut table, self.system.queues())
    }

    /// Makes a group of the buffers that `entries` points to; its number.
    ///
    /// # Safety
    /// There are `count` entries, on pages of their own, until the group is removed.
    pub(super) unsafe fn add_group(
        &self,
        entries: *mut BufRingEntry,
        count: u16,
        starved: Arc<Starved>,
    ) -> io::Result<u16> {
        if !self.is_same_process() {
            return Err(forked_error()); // I6
        }
        let mut state = self.lock();
        let group = state.groups.iter().position(Option::is_none);
        let group = group.unwrap_or(state.groups.len());
        if group >= MAX_GROUPS {
            return Err(io::Error::other(format!(
                "no room for buffers: {MAX_GROUPS} of {MAX_GROUPS} groups in use"
            )));
        }
        let queues = self.system.queues();
        // SAFETY: by the caller's promise.
        unsafe { queues.add_group(entries as u64, count, group as u16) }?;
        if group == state.groups.len() {
            state.groups.push(None);
        }
        state.groups[group] = Some(starved);
        Ok(group as u16)
    }

    /// Whether the runtime has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().has_ended
    }

    /// Removes a group that no operation names.
    pub(super) fn remove_group(&self, group: u16) -> io::Result<()> {
        if !self.is_same_process() {
            return Err(forked_error()); // I6
        }
        let mut state = self.lock();
        self.system.queues().remove_group(group)?;
        state.groups[usize::from(group)] = None;
        Ok(())
    }
}
