//! A ring: what was submitted, and who waits for it.
//!
//! Idea        One small ring of several (see `rings`). An operation gives all memory that the system will touch to
//!             the ring, and gets it back with the outcome. An operation on a file is submitted at once, and its
//!             caller takes the completions there are by then. Operations on sockets are queued until the worker of
//!             the ring is about to sleep or to look for events, so that one system call submits many. The reactor
//!             takes completions too, since the descriptor of the ring is one of its sources.
//! States      of an operation: see `operations`; of the ring: open ─begin_close→ closed, see `shutdown`
//! Invariants  I1 a thread that makes the system take submissions holds `entering`, and takes `state` within it,
//!                never the other way round; completions are taken under `state`.
//!             I2 whoever queues an entry ensures that it is submitted: `submit_and_reap` will be called, or it calls
//!                `submit_now` (I1 of `rings`).
//!             I3 no foreign code runs under a lock.
//!             I4 after a submission that failed for good nothing is ever submitted again, so that the system never
//!                sees what it did not take. A submission that failed for now is tried again, see `submission`.
//!             I5 the memory of the ring is not given back before the last completion, except notifications.
//!             I6 a fork shares the ring. A process that was forked since takes nothing out of it, puts nothing in,
//!                and leaves all that is lent to it where it is. It takes no lock either, since a thread that does
//!                not exist there may hold it.
//!             I7 a completion that the system has lost is reported as lost, see `overflow`.
//! Rejected    A ring that only its maker may reap (`DEFER_TASKRUN`): a worker that is busy would delay files and
//!             sockets of tasks that other workers run. One lock: while the system sends what was submitted, a
//!             thread that takes completions would wait.
#![allow(unsafe_code)]

use std::io;
use std::mem::{self, ManuallyDrop};
use std::os::fd::RawFd;
use std::sync::{Arc, Weak};
use std::task::Waker;

use io_uring::squeue;
use io_uring::types::BufRingEntry;
use selkie_core::raw::platform::{Lock, LockGuard};

use super::super::error::{forked_error, shutdown_error};
use super::buffer_waiters::BufferWaiters;
use super::file_table::FileTable;
use super::kernel::Kernel;
use super::operations::{AfterUnlock, MAX_SOCKETS, OperationKind, OperationStatus};
use super::payload::{Completion, Payload};
use super::queue_pair::{Capabilities, Entries, QueuePair, Queues};
use super::state::{NOT_AN_OPERATION, State};
use crate::observability::count_completions;
use crate::sys::OwningProcess;

/// Groups of buffers at a time.
const MAX_GROUPS: usize = 1_024;

/// One io_uring instance.
pub(crate) struct Ring {
    /// Dropped by hand: see I5.
    pub(super) system: ManuallyDrop<QueuePair>,
    /// Submissions that the system has not taken yet (I1).
    entering: Lock<Entries>,
    pub(super) state: Lock<State>,
    table: Lock<FileTable>,
    process: OwningProcess,
    /// For the thread that retries a submission.
    pub(super) own: Weak<Self>,
}

impl std::fmt::Debug for Ring {
    #[inline]
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring")
            .field("fd", &self.fd())
            .finish_non_exhaustive()
    }
}

impl Ring {
    /// A ring, if the system has one that can do what is needed.
    #[inline]
    pub(super) fn new() -> io::Result<Arc<Self>> {
        let system = QueuePair::new()?;
        Ok(Arc::new_cyclic(|own| Self {
            system: ManuallyDrop::new(system),
            entering: Lock::new(Entries::default()),
            state: Lock::new(State::default()),
            table: Lock::default(),
            process: OwningProcess::current(),
            own: Weak::clone(own),
        }))
    }

    #[inline]
    pub(super) fn fd(&self) -> RawFd {
        self.system.fd()
    }

    #[inline]
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.system.capabilities
    }

    #[inline]
    pub(super) fn lock(&self) -> LockGuard<'_, State> {
        self.state.lock()
    }

    /// Whether the calling process is the one that the ring was made in (I6).
    #[inline]
    pub(super) fn is_same_process(&self) -> bool {
        self.process.is_current()
    }

    /// Why the ring has just refused an operation.
    #[inline]
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

    /// Submits `entry`, an operation on a file. Returns its slot, or the payload if the ring takes nothing now.
    ///
    /// # Safety
    /// All that `entry` points to, and its descriptor, belong to `payload`, and do not move when the box is
    /// moved.
    #[inline]
    pub(super) unsafe fn submit(
        &self,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
    ) -> Result<usize, Box<dyn Payload>> {
        if !self.is_same_process() {
            return Err(payload); // I6
        }
        // SAFETY: by the caller's promise.
        let index = unsafe { self.lock().push(OperationKind::File, entry, payload) }?;
        self.submit_all();
        let mut after = AfterUnlock::default();
        let mut state = self.lock();
        if let Some(place) = state
            .never_submitted
            .iter()
            .position(|&other| other == index)
        {
            state.never_submitted.swap_remove(place);
            return Err(state.operations.withdraw(index));
        }
        self.take(&mut state, &mut after);
        let must_submit = state.must_submit;
        drop(state);
        if must_submit {
            self.reap();
        }
        after.run();
        Ok(index)
    }

    /// Queues `entry`, an operation on a socket, for submission. Returns its slot, or the payload if the ring
    /// takes nothing now. The caller ensures I2.
    ///
    /// # Safety
    /// As for [`submit`](Self::submit).
    #[inline]
    pub(crate) unsafe fn queue(
        &self,
        entry: squeue::Entry,
        payload: Box<dyn Payload>,
        kind: OperationKind,
    ) -> Result<usize, Box<dyn Payload>> {
        if !self.is_same_process() {
            return Err(payload); // I6
        }
        // SAFETY: by the caller's promise.
        unsafe { self.lock().push(kind, entry, payload) }
    }

    /// Submits what is queued, unless another thread is about to.
    #[inline]
    fn submit_queued(&self) {
        if !self.lock().unsubmitted.is_empty() {
            self.submit_all();
        }
    }

    #[inline]
    pub(super) fn enter(&self) -> LockGuard<'_, Entries> {
        self.entering.lock()
    }

    /// Submits what is queued, and takes the completions there are by then: for threads that will not call
    /// `submit_and_reap` (I2).
    #[inline]
    pub(crate) fn submit_now(&self) {
        if self.is_same_process() {
            self.submit_queued();
            self.reap();
        }
    }

    /// Submits what is queued, lets the system finish the work that it keeps for this thread, and takes the
    /// completions. Returns whether anybody was woken, or has queued more.
    #[inline]
    pub(super) fn submit_and_reap(&self) -> bool {
        if !self.is_same_process() {
            return false; // I6
        }
        self.submit_queued();
        let entering = self.enter();
        // SAFETY: `entering` is held (I1).
        unsafe { self.system.flush_overflow() };
        drop(entering);
        self.reap() || !self.lock().unsubmitted.is_empty()
    }

    /// Takes the completions. Returns whether anybody was woken.
    #[inline]
    pub(super) fn reap(&self) -> bool {
        let mut after = AfterUnlock::default();
        let mut state = self.lock();
        self.take(&mut state, &mut after);
        while mem::take(&mut state.was_full) && !state.is_broken {
            drop(state);
            let entering = self.enter();
            // SAFETY: `entering` is held (I1).
            unsafe { self.system.flush_overflow() };
            drop(entering);
            state = self.lock();
            self.take(&mut state, &mut after);
        }
        let must_submit = mem::take(&mut state.must_submit);
        drop(state);
        if must_submit {
            // The worker of the ring may be asleep.
            self.submit_all();
        }
        after.run()
    }

    /// Takes the completions, under the lock.
    #[inline]
    pub(super) fn take(&self, state: &mut State, after: &mut AfterUnlock) {
        for index in mem::take(&mut state.never_submitted) {
            state.deliver(index, Completion::new(-libc::ECANCELED, 0), after);
        }
        let mut count = 0;
        loop {
            let known = state.losses.dropped;
            let take = |user_data, completion| {
                count += 1;
                if user_data & NOT_AN_OPERATION == 0 {
                    state.deliver(user_data as usize, completion, after);
                } else {
                    state.complete_other(user_data, after);
                }
            };
            // SAFETY: `state` is locked (I1).
            match unsafe { self.system.take(known, take) } {
                Ok(()) => break,
                Err(dropped) => state.lose(dropped, after), // I7
            }
        }
        count_completions(count as u64);
        state.was_full |= count >= self.system.completions();
    }

    /// The outcome of the operation in slot `index`, which is free then; or else `waker` waits for it.
    ///
    /// # Panics
    /// In a process that was forked since.
    #[inline]
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

    /// The next completion of the operation in slot `index`. If there is none, `waker` waits for it, unless the
    /// runtime has shut down. After the last one the slot is free.
    ///
    /// # Panics
    /// In a process that was forked since.
    #[inline]
    pub(crate) fn next(&self, index: usize, waker: &Waker) -> OperationStatus {
        self.process.assert_current();
        let mut mine = Some(waker.clone());
        let mut state = self.lock();
        let status = state.operations.next(index, &mut mine);
        let has_ended = state.has_ended;
        drop(state);
        drop(mine); // I3
        match status {
            OperationStatus::Pending if has_ended => OperationStatus::RuntimeEnded,
            status => status,
        }
    }

    /// Called when nobody waits for slot `index` any more. What it owns is dropped with its last completion; if
    /// `cancels`, the operation is cancelled, and the caller ensures I2.
    #[inline]
    pub(crate) fn abandon(&self, index: usize, cancels: bool) {
        if !self.is_same_process() {
            return; // I6
        }
        let mut after = AfterUnlock::default();
        let mut state = self.lock();
        if state.operations.abandon(index, &mut after) && cancels && !state.is_closed {
            state.cancel(index);
        }
        drop(state);
        after.run();
    }

    /// Cancels the operation in slot `index`, whose caller waits for it. The caller ensures I2.
    #[inline]
    pub(crate) fn cancel(&self, index: usize) {
        if !self.is_same_process() {
            return; // I6
        }
        let mut state = self.lock();
        if state.operations.request_cancel(index) && !state.is_closed {
            state.cancel(index);
        }
    }

    /// Calls `f` with the file table.
    #[inline]
    pub(super) fn with_file_table<R>(&self, f: impl FnOnce(&mut FileTable, &Queues) -> R) -> R {
        let mut table = self.table.lock();
        f(&mut table, self.system.queues())
    }

    /// Registers the buffer ring at `entries` as a group of provided buffers; returns its number.
    ///
    /// # Safety
    /// There are `count` entries, on pages of their own, until the group is removed.
    #[inline]
    pub(super) unsafe fn add_group(
        &self,
        entries: *mut BufRingEntry,
        count: u16,
        waiters: Arc<BufferWaiters>,
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
        state.groups[group] = Some(waiters);
        Ok(group as u16)
    }

    /// Whether the runtime has shut down.
    #[inline]
    pub(super) fn has_ended(&self) -> bool {
        self.lock().has_ended
    }

    /// Removes a group that no operation names.
    #[inline]
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
