//! The system's ring as it comes: two queues in memory that it shares with us.
//!
//! Invariants  I1 one thread at a time puts entries in and has them taken (`Entries`); one at a time
//!                takes completions. The two may be at it together.
//!             I2 no completion is lost: the system keeps those that its queue has no room for.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use io_uring::{IoUring, Probe, opcode, squeue};

use super::payload::Completion;

/// Entries for submission, at a time.
const ENTRIES: u32 = 32;
/// Completions that the system has room for, before it must allocate.
const COMPLETIONS: u32 = 512;
/// Attempts to submit before the ring is given up.
const MAX_ATTEMPTS: usize = 1_000;

/// What the system's ring can do beyond files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Abilities {
    /// Operations with several completions, and buffers that the system chooses.
    pub(crate) sockets: bool,
    /// Several buffers in one completion.
    pub(crate) bundles: bool,
}

pub(super) struct System {
    ring: IoUring,
    pub(super) abilities: Abilities,
}

/// A ring with the flags that suit us, or without on kernels before 5.19.
fn set_up() -> io::Result<IoUring> {
    let flagged = IoUring::builder()
        .setup_coop_taskrun()
        .setup_taskrun_flag()
        .setup_cqsize(COMPLETIONS)
        .build(ENTRIES);
    match flagged {
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) => IoUring::new(ENTRIES),
        outcome => outcome,
    }
}

impl System {
    /// A ring, if the system has one for us that can do what is asked of it.
    pub(super) fn new() -> io::Result<Self> {
        let ring = set_up()?;
        let mut probe = Probe::new();
        ring.submitter().register_probe(&mut probe)?;
        let needed = [
            opcode::Read::CODE,
            opcode::Write::CODE,
            opcode::Fsync::CODE,
            opcode::AsyncCancel::CODE,
        ];
        let has_all = needed.iter().all(|&code| probe.is_supported(code));
        if !has_all || !ring.params().is_feature_nodrop() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let abilities = Abilities {
            // It came with Linux 6.0, as did the last of what is needed.
            sockets: probe.is_supported(opcode::SendZc::CODE),
            bundles: ring.params().is_feature_recvsend_bundle(),
        };
        Ok(Self { ring, abilities })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.ring.as_raw_fd()
    }

    /// What registers memory with the ring, by any thread.
    pub(super) fn submitter(&self) -> io_uring::Submitter<'_> {
        self.ring.submitter()
    }

    /// Has the system take `entries`. `Err` with how many it took before it refused for good: it must
    /// never be asked again, or it would see the next.
    ///
    /// # Safety
    /// I1. What the entries point to stays until their last completions.
    pub(super) unsafe fn submit(&self, entries: &[squeue::Entry]) -> Result<(), usize> {
        let mut begun = 0;
        for batch in entries.chunks(ENTRIES as usize) {
            // SAFETY: by the caller's promise.
            let mut queue = unsafe { self.ring.submission_shared() };
            // SAFETY: by the caller's promise; the last batch was taken, so there is room.
            let pushed = unsafe { queue.push_multiple(batch) };
            debug_assert!(pushed.is_ok(), "the queue is empty between batches");
            drop(queue);
            begun += batch.len();
            // SAFETY: by the caller's promise.
            if !unsafe { self.flush() } {
                // SAFETY: as above.
                let left = unsafe { self.ring.submission_shared() }.len();
                return Err(begun - left);
            }
        }
        Ok(())
    }

    /// Has the system take what lies in the queue. `false`: it does not, and never will.
    ///
    /// # Safety
    /// I1.
    unsafe fn flush(&self) -> bool {
        for _ in 0..MAX_ATTEMPTS {
            let outcome = self.ring.submit();
            // SAFETY: by the caller's promise.
            let is_empty = unsafe { self.ring.submission_shared() }.is_empty();
            match outcome {
                Ok(_) if is_empty => return true,
                Err(error) if !is_passing(&error) => return false,
                _ => std::thread::yield_now(),
            }
        }
        false
    }

    /// How many completions there is room for.
    pub(super) fn completions(&self) -> usize {
        self.ring.params().cq_entries() as usize
    }

    /// Has the system do what it kept for this thread, and hand out completions that its queue had no
    /// room for (I2).
    ///
    /// # Safety
    /// I1, as for entries.
    pub(super) unsafe fn catch_up(&self) {
        // SAFETY: by the caller's promise.
        let queue = unsafe { self.ring.submission_shared() };
        let has_cause = queue.cq_overflow() || queue.taskrun();
        drop(queue);
        if has_cause {
            // Should it fail, it is tried again at the next turn that finds the queue full.
            let _ = self.ring.submit();
        }
    }

    /// Takes what is complete, each with what its operation was called.
    ///
    /// # Safety
    /// I1, as for completions.
    pub(super) unsafe fn take(&self, mut each: impl FnMut(u64, Completion)) {
        // SAFETY: by the caller's promise.
        for entry in unsafe { self.ring.completion_shared() } {
            let told = Completion::new(entry.result(), entry.flags());
            each(entry.user_data(), told);
        }
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
    matches!(
        error.raw_os_error(),
        Some(libc::EINTR | libc::EAGAIN | libc::EBUSY)
    )
}
