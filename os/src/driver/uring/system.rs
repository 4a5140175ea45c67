//! The system's ring as it comes: two queues in memory that it shares with us.
//!
//! Invariants  I1 one thread at a time puts entries in and has them taken (`Entries`); one at a time
//!                takes completions. The two may be at it together.
//!             I2 the system keeps completions that its queue has no room for, unless it has no memory: then it counts
//!                what it has dropped, and says so once, by an error (`EBADR`).
//!             I3 only a final refusal ends a ring; what the system has not taken stays in the queue.
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

/// Entries for submission, at a time.
const ENTRIES: u32 = 32;
/// Completions that the system has room for, before it must allocate.
const COMPLETIONS: u32 = 512;
/// Attempts to submit, none of which the system takes anything by, before it is left for later.
const MAX_ATTEMPTS: usize = 100;

/// What the system's ring can do beyond files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abilities {
    /// Operations with several completions, and buffers that the system chooses.
    pub(crate) sockets: bool,
    /// Several buffers in one completion.
    pub(crate) bundles: bool,
}

/// Entries on their way to the system.
#[derive(Default)]
pub(super) struct Entries {
    pub(super) all: Vec<squeue::Entry>,
    /// How many of them, from the first on, lay in the system's queue when it was last looked at.
    queued: usize,
}

/// What came of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Submitted {
    All,
    /// The system takes no more now, for want of memory as a rule.
    Later,
    /// The system refuses for good. It must never be asked again, or it would see the next entry.
    Never,
}

pub(super) struct System {
    queues: Queues,
    pub(super) abilities: Abilities,
}

/// A ring with the flags that suit us, or without on kernels before 5.19.
fn set_up() -> io::Result<Queues> {
    match Queues::set_up(ENTRIES, Some(COMPLETIONS)) {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Queues::set_up(ENTRIES, None),
        outcome => outcome,
    }
}

impl System {
    /// A ring, if the system has one for us that can do what is asked of it.
    pub(super) fn new() -> io::Result<Self> {
        let queues = set_up()?;
        let can = queues.supports([
            opcode::Read::CODE,
            opcode::Write::CODE,
            opcode::Fsync::CODE,
            opcode::AsyncCancel::CODE,
            // It came with Linux 6.0, as did the last of what sockets need.
            opcode::SendZc::CODE,
        ])?;
        let [needed @ .., sockets] = can;
        let features = queues.features();
        if needed.contains(&false) || !features.keeps_all {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let abilities = Abilities {
            sockets,
            bundles: features.bundles,
        };
        Ok(Self { queues, abilities })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.queues.fd()
    }

    /// What registers files and memory with the ring, by any thread.
    pub(super) fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Has the system take all of `entries`, and takes out of them what it took. `busy` is called when it
    /// takes none before completions have been taken.
    ///
    /// # Safety
    /// I1. What the entries point to stays until their last completions.
    pub(super) unsafe fn submit(&self, entries: &mut Entries, busy: impl FnMut()) -> Submitted {
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
            return Submitted::All;
        }
        entries.queued = len;
        // SAFETY: by the caller's promise.
        unsafe { self.submit_by_parts(entries, Some(entered), busy) }
    }

    /// The same, of entries some of which lie in the queue, or which the queue cannot hold; the system was
    /// `entered` for those in the queue, if it was.
    ///
    /// # Safety
    /// As for `submit`.
    #[cold]
    unsafe fn submit_by_parts(
        &self,
        entries: &mut Entries,
        mut entered: Option<io::Result<()>>,
        mut busy: impl FnMut(),
    ) -> Submitted {
        // Who tries again lets nobody wait for long.
        let is_again = entered.is_none() && entries.queued > 0;
        let mut attempts = if is_again { 1 } else { MAX_ATTEMPTS };
        let mut begun = 0;
        let outcome = loop {
            // SAFETY: by the caller's promise.
            let taken = unsafe { self.taken_since(entries) };
            begun += taken;
            match entered.take() {
                Some(Err(error)) if !is_passing(&error) => break Submitted::Never,
                None => {}
                _ if taken > 0 => {}
                _ if attempts == 1 => break Submitted::Later,
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
                break Submitted::All;
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

    /// How many entries the system has taken out of the queue since it was last looked at.
    ///
    /// # Safety
    /// I1.
    unsafe fn taken_since(&self, entries: &mut Entries) -> usize {
        if entries.queued == 0 {
            return 0;
        }
        // SAFETY: by the caller's promise.
        let left = unsafe { self.queues.waiting() };
        mem::replace(&mut entries.queued, left) - left
    }

    /// How many completions there is room for.
    pub(super) fn completions(&self) -> usize {
        self.queues.features().completions
    }

    /// Has the system do what it kept for this thread, and hand out completions that its queue had no
    /// room for (I2).
    ///
    /// # Safety
    /// I1, as for entries.
    pub(super) unsafe fn catch_up(&self) {
        // SAFETY: by the caller's promise.
        if unsafe { self.queues.has_kept() } {
            // Should it fail, it is tried again at the next turn that finds the queue full.
            let _ = self.queues.enter();
        }
    }

    /// Takes what is complete, each with what its operation was called; nothing if the system has dropped other
    /// completions than the `known` ones.
    ///
    /// # Errors
    /// How many it has dropped, then.
    ///
    /// # Safety
    /// I1, as for completions.
    pub(super) unsafe fn take(
        &self,
        known: u32,
        each: impl FnMut(u64, Completion),
    ) -> Result<(), u32> {
        // SAFETY: by the caller's promise.
        unsafe { self.queues.take(known, each) }
    }
}

/// Waits for a completion on any of these rings, at most for `limit`; may return for nothing.
pub(super) fn wait_for_any(rings: impl Iterator<Item = RawFd>, limit: Duration) {
    let mut asked: Vec<_> = rings
        .map(|fd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        })
        .collect();
    let millis = limit.as_millis().max(1).try_into().unwrap_or(i32::MAX);
    // SAFETY: so many structures, alive for the call.
    unsafe { libc::poll(asked.as_mut_ptr(), asked.len() as libc::nfds_t, millis) };
}

/// Whether the system may take the same again.
fn is_passing(error: &io::Error) -> bool {
    let passing = [
        libc::EINTR,
        libc::EAGAIN,
        libc::EBUSY,
        libc::ENOMEM,
        libc::EBADR,
    ];
    error
        .raw_os_error()
        .is_some_and(|errno| passing.contains(&errno))
}
