//! An open file, shared by every operation that uses it.
//!
//! Idea        Each operation owns a reference to the file, also when it is detached. The last owner closes the
//!             file, or sends it to the task that wants it back.
//! Invariants  I1 `std` is present until the last owner is dropped.
//!             I2 the file is wanted back at most once, by an owner that gives up its own reference for that.
//!             I3 what is known of the file (`class`) is true as long as the file is open. It changes in one direction
//!                only: to a class of which fewer calls are made in place.
//!             I4 a deferred seek stays until an operation that runs has made it. A seek is deferred only while no
//!                operation that makes seeks is in progress, and a seek to an offset is made before the file is
//!                shared.
//! Rejected    A count beside that of the `Arc`: two more read-modify-writes per operation.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::ops::Deref;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::{fmt, io};

use selkie_core::raw::platform::{AtomicU64, Lock};

use super::close::close;
use super::detached::{DetachedOperations, HasDetached};
use crate::sync::oneshot;
use crate::sys::{CachedAccess, FileClass, PageCache};

/// An open file with several owners.
pub(super) struct OpenFile {
    std: Option<File>,
    return_to: OnceLock<oneshot::Sender<File>>,
    /// What is known of the file, a `FileClass`.
    class: AtomicU8,
    /// Whether the file is closed by the thread that drops it, whatever its class; shared by its clones, which
    /// share its locks.
    closes_inline: Arc<AtomicBool>,
    detached: DetachedOperations,
    /// Where a deferred seek moves the position of the system to, or `NO_SEEK` (I4).
    seek_to: AtomicU64,
    /// Bytes that were read ahead and undone, by which the position of the system has not gone back yet (I4).
    unread: AtomicUsize,
    /// Held while deferred seeks are made.
    seeking: Lock<()>,
}

/// No seek to an offset is deferred: no file has this offset.
const NO_SEEK: u64 = u64::MAX;

impl HasDetached for OpenFile {
    #[inline]
    fn detached(&self) -> &DetachedOperations {
        &self.detached
    }
}

// Unwinding leaves nothing undone in it: the state of the file belongs to the system, and a sender is set once.
impl UnwindSafe for OpenFile {}
impl RefUnwindSafe for OpenFile {}

impl OpenFile {
    /// A file that was just opened.
    #[inline]
    pub(super) fn new(std: File) -> Arc<Self> {
        Self::with_class(std, FileClass::Unknown, Arc::default())
    }

    /// A file that others have had: they may have placed locks on it.
    #[inline]
    pub(super) fn from_others(std: File) -> Arc<Self> {
        Self::with_class(std, FileClass::Unknown, Arc::new(AtomicBool::new(true)))
    }

    /// Another descriptor of the same open file.
    #[inline]
    pub(super) fn try_clone(&self) -> io::Result<Arc<Self>> {
        let std = (**self).try_clone()?;
        Ok(Self::with_class(
            std,
            self.class(),
            Arc::clone(&self.closes_inline),
        ))
    }

    #[inline]
    fn with_class(std: File, class: FileClass, closes_inline: Arc<AtomicBool>) -> Arc<Self> {
        Arc::new(Self {
            std: Some(std),
            return_to: OnceLock::new(),
            class: AtomicU8::new(class as u8),
            closes_inline,
            detached: DetachedOperations::default(),
            seek_to: AtomicU64::new(NO_SEEK),
            unread: AtomicUsize::new(0),
            seeking: Lock::new(()),
        })
    }

    /// What is known of the file.
    #[inline]
    pub(super) fn class(&self) -> FileClass {
        // Relaxed: the byte is all there is.
        FileClass::from_byte(self.class.load(Ordering::Relaxed))
    }

    /// Finds out what the file is, unless that is known. Call it on the pool.
    #[inline]
    pub(super) fn classify(&self) -> FileClass {
        if self.class() == FileClass::Unknown {
            let class = PageCache::classify(self);
            // Relaxed, both: every thread finds the same class, unless another one has lowered it (I3).
            let _known = self.class.compare_exchange(
                FileClass::Unknown as u8,
                class as u8,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
        }
        self.class()
    }

    /// Called when the file system cannot tell what is cached.
    #[cold]
    #[inline]
    pub(super) fn mark_may_block(&self) {
        // Relaxed: as above (I3).
        self.class
            .store(FileClass::MayBlock as u8, Ordering::Relaxed);
    }

    /// Defers a seek to `seek_to` until an operation uses the position of the system.
    #[inline]
    pub(super) fn defer_seek_to(&self, seek_to: u64) {
        // Relaxed, both: no operation that makes seeks is in progress, and the next one gets this with the
        // file.
        self.unread.store(0, Ordering::Relaxed);
        self.seek_to.store(seek_to, Ordering::Relaxed);
    }

    /// Defers a seek back by `unread` bytes.
    #[inline]
    pub(super) fn defer_seek_back(&self, unread: usize) {
        // Relaxed: as above.
        self.unread.fetch_add(unread, Ordering::Relaxed);
    }

    /// Whether the position of the system must change before it is used.
    #[inline]
    pub(super) fn has_deferred_seek(&self) -> bool {
        // Acquire, both: pair with the Releases in `run_deferred_seek`: the seek has been made.
        let (seek_to, unread) = (&self.seek_to, &self.unread);
        seek_to.load(Ordering::Acquire) != NO_SEEK || unread.load(Ordering::Acquire) > 0
    }

    /// Whether a seek to an offset is deferred: the file is shared with nobody yet (I4).
    #[inline]
    pub(super) fn has_absolute_seek(&self) -> bool {
        // Acquire: as above.
        self.seek_to.load(Ordering::Acquire) != NO_SEEK
    }

    /// Makes the deferred seek, if there is one (I4). It waits for any read through the same open file: call it
    /// on the pool.
    #[inline]
    pub(super) fn run_deferred_seek(&self) -> io::Result<()> {
        if !self.has_deferred_seek() {
            return Ok(());
        }
        // Another caller waits until the position is right.
        let _seeking = self.seeking.lock();
        let (mut file, mut sought) = (&**self, Ok(0));
        // Relaxed, both: changed under the lock, or while nobody has it.
        let seek_to = self.seek_to.load(Ordering::Relaxed);
        let back_by = self.unread.load(Ordering::Relaxed);
        if seek_to != NO_SEEK {
            sought = file.seek(SeekFrom::Start(seek_to));
        }
        if back_by > 0 && sought.is_ok() {
            sought = file.seek(SeekFrom::Current(-(back_by as i64)));
        }
        // Release, both: pair with the Acquires in `has_deferred_seek`. A seek that failed is not tried again.
        self.seek_to.store(NO_SEEK, Ordering::Release);
        self.unread.store(0, Ordering::Release);
        sought.map(drop)
    }

    /// Whoever drops the file or a clone closes it, and so releases its locks, before it goes on.
    #[inline]
    pub(super) fn close_inline(&self) {
        // Relaxed: the last owner synchronises by the count of owners, and a clone's by how it got the clone.
        self.closes_inline.store(true, Ordering::Relaxed);
    }

    /// The file itself, if there is no other owner; else this reference.
    #[inline]
    pub(super) fn try_unwrap(self: Arc<Self>) -> Result<File, Arc<Self>> {
        let mut open = Arc::try_unwrap(self)?;
        Ok(open.std.take().expect("taken only in drop")) // I1
    }

    /// The file itself, once there is no other owner.
    #[inline]
    pub(super) async fn unwrap(self: Arc<Self>) -> File {
        let shared = match self.try_unwrap() {
            Ok(std) => return std,
            Err(shared) => shared,
        };
        let (sender, receiver) = oneshot::channel();
        shared.return_to.set(sender).expect("wanted back once"); // I2
        drop(shared);
        receiver.await.expect("the last owner sends it")
    }
}

impl Deref for OpenFile {
    type Target = File;

    #[inline]
    fn deref(&self) -> &File {
        self.std.as_ref().expect("taken only in drop") // I1
    }
}

impl Drop for OpenFile {
    #[inline]
    fn drop(&mut self) {
        let Some(mut std) = self.std.take() else {
            return;
        };
        if let Some(sender) = self.return_to.take() {
            match sender.send(std) {
                Ok(()) => return,
                // The task that wanted it was dropped.
                Err(unwanted) => std = unwanted,
            }
        }
        let class = FileClass::from_byte(*self.class.get_mut());
        // Relaxed: see `close_inline`.
        close(std, class, self.closes_inline.load(Ordering::Relaxed));
    }
}

impl fmt::Debug for OpenFile {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
