//! What a ring asks of the system: the whole of it, so that tests can put another in its place.
//!
//! Idea        One trait whose methods are single calls, or single looks into the memory that the ring
//!             shares with the system. All that is decided (when to try again, what is final, what a
//!             completion means) stands above it. A build without tests knows one implementation, by its
//!             name, and calls it directly.
//! Rejected    A trait object, or rings that are generic: every type that names a ring would be, too.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use io_uring::{IoUring, Probe, squeue};

use super::payload::Completion;

/// What the system says of the ring that it has made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    /// It keeps completions that its queue has no room for.
    pub(super) keeps_all: bool,
    /// It fills several provided buffers for one completion.
    pub(super) bundles: bool,
    /// How many completions its queue has room for.
    pub(super) completions: usize,
}

/// The two queues, and the calls that belong to them.
pub(super) trait Kernel: Sized {
    /// Makes a ring for `entries` entries at a time: with room for `completions`, and with work for a
    /// thread left until it enters the system, or with neither.
    fn set_up(entries: u32, completions: Option<u32>) -> io::Result<Self>;

    /// Which of the operations with these codes the system can do.
    fn supports<const N: usize>(&self, codes: [u8; N]) -> io::Result<[bool; N]>;

    fn features(&self) -> Features;

    /// What becomes readable with each completion.
    fn fd(&self) -> RawFd;

    /// Puts all of `entries` into the queue; `false`: there is no room, and none was put there.
    ///
    /// # Safety
    /// One thread at a time calls this and what else is about entries. What they point to stays until
    /// their last completions.
    unsafe fn push(&self, entries: &[squeue::Entry]) -> bool;

    /// How many entries lie in the queue that the system has not taken.
    ///
    /// # Safety
    /// As for `push`.
    unsafe fn waiting(&self) -> usize;

    /// Enters the system, which takes entries, and does what it has kept for this thread.
    fn enter(&self) -> io::Result<()>;

    /// Whether the system has kept something until it is entered: work of this thread, or completions
    /// that the queue had no room for.
    ///
    /// # Safety
    /// As for `push`.
    unsafe fn has_kept(&self) -> bool;

    /// Takes all completions out of the queue. If the system has dropped others since the ring was made than the
    /// `known` ones, takes none.
    ///
    /// # Errors
    /// How many it has dropped, then.
    ///
    /// # Safety
    /// One thread at a time calls this.
    unsafe fn take(&self, known: u32, each: impl FnMut(u64, Completion)) -> Result<(), u32>;

    /// Makes a table of `places` files.
    fn make_table(&self, places: u32) -> io::Result<()>;

    /// Puts a file, or none (-1), at a place of the table.
    fn set_place(&self, place: u32, fd: RawFd) -> io::Result<()>;

    /// Makes a group of provided buffers, `count` at most, whose queue begins at `start`.
    ///
    /// # Safety
    /// The queue stays until the group is removed.
    unsafe fn add_group(&self, start: u64, count: u16, group: u16) -> io::Result<()>;

    fn remove_group(&self, group: u16) -> io::Result<()>;
}

impl Kernel for IoUring {
    fn set_up(entries: u32, completions: Option<u32>) -> io::Result<Self> {
        let Some(completions) = completions else {
            return Self::new(entries);
        };
        Self::builder()
            .setup_coop_taskrun()
            .setup_taskrun_flag()
            .setup_cqsize(completions)
            .build(entries)
    }

    fn supports<const N: usize>(&self, codes: [u8; N]) -> io::Result<[bool; N]> {
        let mut probe = Probe::new();
        self.submitter().register_probe(&mut probe)?;
        Ok(codes.map(|code| probe.is_supported(code)))
    }

    fn features(&self) -> Features {
        let params = self.params();
        Features {
            keeps_all: params.is_feature_nodrop(),
            bundles: params.is_feature_recvsend_bundle(),
            completions: params.cq_entries() as usize,
        }
    }

    fn fd(&self) -> RawFd {
        self.as_raw_fd()
    }

    #[inline]
    unsafe fn push(&self, entries: &[squeue::Entry]) -> bool {
        // SAFETY: by the caller's promise.
        let mut queue = unsafe { self.submission_shared() };
        // SAFETY: by the caller's promise.
        unsafe { queue.push_multiple(entries) }.is_ok()
    }

    #[inline]
    unsafe fn waiting(&self) -> usize {
        // SAFETY: by the caller's promise.
        unsafe { self.submission_shared() }.len()
    }

    #[inline]
    fn enter(&self) -> io::Result<()> {
        self.submit().map(drop)
    }

    #[inline]
    unsafe fn has_kept(&self) -> bool {
        // SAFETY: by the caller's promise.
        let queue = unsafe { self.submission_shared() };
        queue.cq_overflow() || queue.taskrun()
    }

    #[inline]
    unsafe fn take(&self, known: u32, mut each: impl FnMut(u64, Completion)) -> Result<(), u32> {
        // SAFETY: by the caller's promise.
        let queue = unsafe { self.completion_shared() };
        let dropped = queue.overflow();
        if dropped != known {
            return Err(dropped);
        }
        for entry in queue {
            let told = Completion::new(entry.result(), entry.flags());
            each(entry.user_data(), told);
        }
        Ok(())
    }

    fn make_table(&self, places: u32) -> io::Result<()> {
        self.submitter().register_files_sparse(places)
    }

    fn set_place(&self, place: u32, fd: RawFd) -> io::Result<()> {
        self.submitter()
            .register_files_update(place, &[fd])
            .map(drop)
    }

    unsafe fn add_group(&self, start: u64, count: u16, group: u16) -> io::Result<()> {
        let submitter = self.submitter();
        // SAFETY: by the caller's promise.
        unsafe { submitter.register_buf_ring_with_flags(start, count, group, 0) }
    }

    fn remove_group(&self, group: u16) -> io::Result<()> {
        self.submitter().unregister_buf_ring(group)
    }
}
