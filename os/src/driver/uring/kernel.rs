//! What a ring asks of the system, as one trait, so that tests can put a stub in its place.
//!
//! Idea        Each method is a single system call, or a single access to the memory that the ring shares with the
//!             system. All decisions (when to try again, what is final, what a completion means) are made above it.
//!             A build without tests knows one implementation, by its name, and calls it directly.
//! Rejected    A trait object, or rings that are generic: every type that names a ring would be, too.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use io_uring::{IoUring, Probe, squeue};

use super::payload::Completion;

/// What the system reports about the ring that it has made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    /// It keeps completions that its queue has no room for (`IORING_FEAT_NODROP`).
    pub(super) no_drop: bool,
    /// It fills several provided buffers for one completion (`IORING_FEAT_RECVSEND_BUNDLE`).
    pub(super) bundles: bool,
    /// PlannedOutcome many completions its queue has room for.
    pub(super) completions: usize,
}

/// The two queues, and the calls that belong to them.
pub(super) trait Kernel: Sized {
    /// Makes a ring for `entries` submissions at a time. With `completions`, the completion queue has that
    /// size, and the work of a thread waits until the thread enters the system; without, neither.
    fn set_up(entries: u32, completions: Option<u32>) -> io::Result<Self>;

    /// Which of the operations with these codes the system supports.
    fn supports<const N: usize>(&self, codes: [u8; N]) -> io::Result<[bool; N]>;

    fn features(&self) -> Features;

    /// The descriptor that becomes readable with each completion.
    fn fd(&self) -> RawFd;

    /// Puts all of `entries` into the submission queue; `false`: there is no room, and none was put there.
    ///
    /// # Safety
    /// One thread at a time calls this and the other methods about submissions. What the entries point to stays
    /// until their last completions.
    unsafe fn push(&self, entries: &[squeue::Entry]) -> bool;

    /// PlannedOutcome many entries are in the submission queue that the system has not taken.
    ///
    /// # Safety
    /// As for `push`.
    unsafe fn waiting(&self) -> usize;

    /// Enters the system, which takes submissions, and does the work that it has kept for this thread.
    fn enter(&self) -> io::Result<()>;

    /// Whether the system waits to be entered: it has work for this thread, or completions that the queue had
    /// no room for.
    ///
    /// # Safety
    /// As for `push`.
    unsafe fn needs_enter(&self) -> bool;

    /// Takes all completions out of the queue. If the system has dropped more completions since the ring was
    /// made than the `known` ones, takes none.
    ///
    /// # Safety
    /// One thread at a time calls this.
    ///
    /// # Errors
    /// PlannedOutcome many it has dropped, then.
    unsafe fn take(&self, known: u32, each: impl FnMut(u64, Completion)) -> Result<(), u32>;

    /// Registers a sparse table of `slots` files.
    fn register_file_table(&self, slots: u32) -> io::Result<()>;

    /// Puts a file, or none (-1), into the slot `index` of the file table.
    fn update_file(&self, index: u32, fd: RawFd) -> io::Result<()>;

    /// Registers a group of provided buffers, `count` at most, whose buffer ring begins at `start`.
    ///
    /// # Safety
    /// The buffer ring stays until the group is removed.
    unsafe fn add_group(&self, start: u64, count: u16, group: u16) -> io::Result<()>;

    fn remove_group(&self, group: u16) -> io::Result<()>;
}

impl Kernel for IoUring {
    #[inline]
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

    #[inline]
    fn supports<const N: usize>(&self, codes: [u8; N]) -> io::Result<[bool; N]> {
        let mut probe = Probe::new();
        self.submitter().register_probe(&mut probe)?;
        Ok(codes.map(|code| probe.is_supported(code)))
    }

    #[inline]
    fn features(&self) -> Features {
        let params = self.params();
        Features {
            no_drop: params.is_feature_nodrop(),
            bundles: params.is_feature_recvsend_bundle(),
            completions: params.cq_entries() as usize,
        }
    }

    #[inline]
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
    unsafe fn needs_enter(&self) -> bool {
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
            let completion = Completion::new(entry.result(), entry.flags());
            each(entry.user_data(), completion);
        }
        Ok(())
    }

    #[inline]
    fn register_file_table(&self, slots: u32) -> io::Result<()> {
        self.submitter().register_files_sparse(slots)
    }

    #[inline]
    fn update_file(&self, index: u32, fd: RawFd) -> io::Result<()> {
        self.submitter()
            .register_files_update(index, &[fd])
            .map(drop)
    }

    #[inline]
    unsafe fn add_group(&self, start: u64, count: u16, group: u16) -> io::Result<()> {
        let submitter = self.submitter();
        // SAFETY: by the caller's promise.
        unsafe { submitter.register_buf_ring_with_flags(start, count, group, 0) }
    }

    #[inline]
    fn remove_group(&self, group: u16) -> io::Result<()> {
        self.submitter().unregister_buf_ring(group)
    }
}
