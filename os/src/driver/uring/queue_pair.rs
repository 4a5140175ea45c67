//! The submission queue and the completion queue, which are memory shared with the system.
//!
//! Invariants  I1 one thread at a time puts entries in and makes the system take them (`Entries`); one thread at a
//!                time takes completions. The two may be at work together.
//!             I2 the system keeps completions that its queue has no room for, unless it has no memory: then it
//!                counts what it has dropped, and reports that once, by an error (`EBADR`).
//!             I3 only a final refusal breaks a ring; what the system has not taken stays in the queue.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::os::fd::RawFd;
use std::time::Duration;

use io_uring::{opcode, squeue};

use super::kernel::Kernel;
use super::payload::Completion;

#[cfg(not(test))]
pub(super) type Queues = io_uring::IoUring;
#[cfg(test)]
pub(super) use super::tests::stub::Queues;

/// The size of the submission queue.
const ENTRIES: u32 = 32;
/// The size of the completion queue; for more completions the system must allocate.
const COMPLETIONS: u32 = 512;
/// PlannedOutcome many attempts to submit may fail to submit anything, before the rest is left for later.
const MAX_ATTEMPTS: usize = 100;

/// What the ring can do beyond files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capabilities {
    /// Multishot operations, and provided buffers.
    pub(crate) sockets: bool,
    /// Bundles: several buffers in one completion.
    pub(crate) bundles: bool,
}

/// Submissions that the system has not taken yet.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) all: Vec<squeue::Entry>,
    /// PlannedOutcome many of them, from the first on, were in the submission queue when it was last looked at.
    queued: usize,
}

/// The outcome of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SubmitOutcome {
    All,
    /// The system takes no more for now, as a rule because it has no memory.
    Retry,
    /// The system refuses for good. It must never be entered again, or it would see the next entry.
    Refused,
}

pub(super) struct QueuePair {
    queues: Queues,
    pub(super) capabilities: Capabilities,
}

/// A ring with the flags that we want, or without them on kernels before 5.19.
#[inline]
fn set_up() -> io::Result<Queues> {
    match Queues::set_up(ENTRIES, Some(COMPLETIONS)) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Queues::set_up(ENTRIES, None),
        outcome => outcome,
    }
}

impl QueuePair {
    /// A ring, if the system has one that can do what is needed.
    #[inline]
    pub(super) fn new() -> io::Result<Self> {
        let queues = set_up()?;
        let can = queues.supports([
            opcode::Read::CODE,
            opcode::Write::CODE,
            opcode::Fsync::CODE,
            opcode::AsyncCancel::CODE,
            // This came with Linux 6.0, as did the last feature that sockets need.
            opcode::SendZc::CODE,
        ])?;
        let [needed @ .., sockets] = can;
        let features = queues.features();
        if needed.contains(&false) || !features.no_drop {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let capabilities = Capabilities {
            sockets,
            bundles: features.bundles,
        };
        Ok(Self {
            queues,
            capabilities,
        })
    }

    #[inline]
    pub(super) fn fd(&self) -> RawFd {
        self.queues.fd()
    }

    /// The queues, by which any thread may register files and memory with the ring.
    #[inline]
    pub(super) fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Submits all of `entries`, and removes from them what the system took. Calls `busy` when the system takes
    /// none before completions have been taken.
    ///
    /// # Safety
    /// I1. What the entries point to stays until their last completions.
    #[inline]
    pub(super) unsafe fn submit(&self, entries: &mut Entries, busy: impl FnMut()) -> SubmitOutcome {
        let len = entries.all.len();
        if entries.queued > 0 || len == 0 || len > ENTRIES as usize {
            // SAFETY: by the caller's promise.
            return unsafe { self.submit_by_parts(entries, None, busy) };
        }
        // SAFETY: by the caller's promise.
        let has_room = unsafe { self.queues.push(&entries.all) };
        debug_assert!(has_room, "nothing lies in the queue");
        let entered = self.queues.enter();
        // SAFETY: by the caller's promise.
        if entered.is_ok() && unsafe { self.queues.waiting() } == 0 {
            entries.all.clear();
            return SubmitOutcome::All;
        }
        entries.queued = len;
        // SAFETY: by the caller's promise.
        unsafe { self.submit_by_parts(entries, Some(entered), busy) }
    }

    /// The same, for entries some of which are in the queue, or which the queue cannot hold. `entered` is what
    /// entering the system for those in the queue returned, if that was done.
    ///
    /// # Safety
    /// As for `submit`.
    #[cold]
    #[inline]
    unsafe fn submit_by_parts(
        &self,
        entries: &mut Entries,
        mut entered: Option<io::Result<()>>,
        mut busy: impl FnMut(),
    ) -> SubmitOutcome {
        // A retry makes nobody wait for long.
        let is_again = entered.is_none() && entries.queued > 0;
        let mut attempts = if is_again { 1 } else { MAX_ATTEMPTS };
        let mut begun = 0;
        let outcome = loop {
            // SAFETY: by the caller's promise.
            let taken = unsafe { self.taken_since(entries) };
            begun += taken;
            match entered.take() {
                Some(Err(error)) if !is_transient(&error) => break SubmitOutcome::Refused,
                None => {}
                _ if taken > 0 => {}
                _ if attempts == 1 => break SubmitOutcome::Retry,
                failed => {
                    let errno = failed.and_then(|failed| failed.err()?.raw_os_error());
                    if [Some(libc::EBUSY), Some(libc::EBADR)].contains(&errno) {
                        busy();
                    }
                    attempts -= 1;
                    std::thread::yield_now();
                }
            }
            let rest = &entries.all[begun..];
            if rest.is_empty() {
                break SubmitOutcome::All;
            }
            let batch = &rest[entries.queued..rest.len().min(ENTRIES as usize)];
            // SAFETY: by the caller's promise.
            let has_room = batch.is_empty() || unsafe { self.queues.push(batch) };
            debug_assert!(
                has_room,
                "the queue has room for what it is not known to hold"
            );
            entries.queued += batch.len();
            entered = Some(self.queues.enter());
        };
        entries.all.drain(..begun);
        outcome
    }

    /// PlannedOutcome many entries the system has taken out of the queue since it was last looked at.
    ///
    /// # Safety
    /// I1.
    #[inline]
    unsafe fn taken_since(&self, entries: &mut Entries) -> usize {
        if entries.queued == 0 {
            return 0;
        }
        // SAFETY: by the caller's promise.
        let left = unsafe { self.queues.waiting() };
        mem::replace(&mut entries.queued, left) - left
    }

    /// PlannedOutcome many completions the queue has room for.
    #[inline]
    pub(super) fn completions(&self) -> usize {
        self.queues.features().completions
    }

    /// Lets the system do the work that it kept for this thread, and deliver completions that its queue had no
    /// room for (I2).
    ///
    /// # Safety
    /// I1, as for entries.
    #[inline]
    pub(super) unsafe fn flush_overflow(&self) {
        // SAFETY: by the caller's promise.
        if unsafe { self.queues.needs_enter() } {
            // If it fails, the next turn that finds the queue full tries again.
            let _ = self.queues.enter();
        }
    }

    /// Takes the completions, each with its user data; none if the system has dropped more completions than the
    /// `known` ones.
    ///
    /// # Safety
    /// I1, as for completions.
    ///
    /// # Errors
    /// PlannedOutcome many it has dropped, then.
    #[inline]
    pub(super) unsafe fn take(
        &self,
        known: u32,
        each: impl FnMut(u64, Completion),
    ) -> Result<(), u32> {
        // SAFETY: by the caller's promise.
        unsafe { self.queues.take(known, each) }
    }
}

/// Waits for a completion on any of these rings, for `limit` at most; may return early.
#[inline]
pub(super) fn wait_for_any(rings: impl Iterator<Item = RawFd>, limit: Duration) {
    let mut polled: Vec<_> = rings
        .map(|fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    let millis = limit.as_millis().max(1).try_into().unwrap_or(i32::MAX);
    // SAFETY: as many structures as are passed, alive for the call.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, millis) };
}

/// Whether the system may accept the same submission later.
#[inline]
fn is_transient(error: &io::Error) -> bool {
    let transient = [
        libc::EINTR,
        libc::EAGAIN,
        libc::EBUSY,
        libc::ENOMEM,
        libc::EBADR,
    ];
    error
        .raw_os_error()
        .is_some_and(|errno| transient.contains(&errno))
}
