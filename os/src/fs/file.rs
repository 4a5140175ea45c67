//! An open file.
//!
//! Idea        At most one operation is on the blocking pool, and the buffer is with it. A write is accepted into
//!             the buffer and reported as done at once; the next operation, or a flush, waits for it and reports
//!             its failure.
//! States      Idle(buffer) ─operation→ Busy(task that returns the buffer) ─done→ Idle
//! Invariants  I1 while Idle, a buffer that is not empty holds what was read ahead. Before the file is written,
//!                sought or truncated, its position goes back by as much, or, if the file cannot seek, the bytes
//!                are saved.
//!             I2 what a failed write left stays in the buffer. Each flush and each write tries it again first, and
//!                fails if that fails. A read or a seek moves the position, so it discards the rest; then every
//!                flush fails until a write has reported the error.
//!             I3 `&self` methods may wait for the same operation at once: each is in a wait queue for as long as
//!                it waits, and all are woken while no lock is held.

use std::fmt;
use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Waker};

use selkie_core::raw::coop::{Budget, with_budget};
use selkie_core::raw::platform::{Lock, LockGuard};

use super::buffered_streams::{BufferedStreams, FileStreams};
use super::detached::HasDetached;
use super::file_state::{FileState, IdleNotify, State};
use super::offload::offload;
use super::open_file::OpenFile;
use super::position::FilePosition;
use super::{in_place, ring_io};
use crate::context::Handle;

/// The most bytes of one operation, unless it is set.
const DEFAULT_MAX_BUF_SIZE: usize = 2 * 1024 * 1024;

/// An open file.
///
/// Writes are taken at once and done in the background: call `flush` before dropping the file, or
/// before relying on them. What could not be written, for want of room for one, is kept, and each
/// `flush` and each write tries it again first; a read or a seek gives it up.
///
/// # Cancel safety
/// Reads, writes, seeks and flushes by the traits lose nothing when their future drops: what was read is
/// there for the next read, also after a write, of a pipe or socket too; what was taken is written, and the next
/// operation waits for the one before.
///
/// # Cost
/// A hop to the blocking pool for each operation that the buffer does not answer; but on Linux a read of at most
/// 64 KiB that the page cache can answer is one system call where the task runs, and costs a unit of the
/// budget for each 16 KiB; a seek is made where the task runs, too, without a system call as a rule. That goes for files on local file systems (ext, xfs, btrfs, f2fs, tmpfs)
/// that were opened here and that nobody else has been shown: not for those that were cloned, made of a file of
/// std's, or lent as a descriptor.
///
/// Dropped in a runtime, a file of a server's (FUSE, NFS, SMB, 9p, Ceph, AFS) is closed by the pool, since that asks the server,
/// unless it was made of a file of std's or locked, or its descriptor was lent; clones are closed as it is.
///
/// # Forked processes
/// A process that is forked shares the position that the system has of each open file. This handle's reads and seeks in
/// position do not move that position: it follows when the file is written or read by the pool, cloned, lent as a
/// descriptor or taken back as std's. A call of `as_fd`, `as_raw_fd` or [`try_into_std`](Self::try_into_std) brings it along
/// where it is made, and so waits while a forked process is inside of a read or write by the same open file; all other
/// methods wait for such a process without a thread of the runtime.
///
/// # Examples
/// ```
/// # fn main() -> std::io::Result<()> {
/// # selkie::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use selkie::fs::File;
/// use selkie::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
///
/// let path = std::env::temp_dir().join(format!("selkie-doc-{}", std::process::id()));
/// let mut file = File::options().read(true).write(true).create(true).open(&path).await?;
/// file.write_all(b"tide").await?;
/// file.rewind().await?;
/// let mut text = String::new();
/// file.read_to_string(&mut text).await?;
/// assert_eq!(text, "tide");
/// # selkie::fs::remove_file(&path).await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub struct File {
    pub(super) std: Arc<OpenFile>,
    pub(super) inner: Lock<FileState>,
    waiting: Arc<IdleNotify>,
    pub(super) max_buf_size: usize,
    pub(super) streams: &'static dyn FileStreams,
}

impl File {
    /// Opens the file at `path` to be read.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Nothing changes when the future is dropped; a file that nobody takes any more is closed.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::{fs::{self, File}, io::AsyncReadExt};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-open-{}", std::process::id()));
    /// fs::write(&path, "contents").await?;
    /// let mut text = String::new();
    /// File::open(&path).await?.read_to_string(&mut text).await?;
    /// assert_eq!(text, "contents");
    /// fs::remove_file(&path).await?;
    /// let error = File::open(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn open(path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref().to_owned();
        Self::open_by(move || std::fs::File::open(path)).await
    }

    /// Opens the file at `path` to be written, empty; creates it if it does not exist.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Once begun it is completed, even if the future is dropped; a file that nobody takes any more is
    /// closed.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::{fs::{self, File}, io::AsyncWriteExt};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-file-create-{}", std::process::id()));
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"saved").await?;
    /// // Writes go on in the background; this waits for them, and says whether they failed.
    /// file.flush().await?;
    /// assert_eq!(fs::read(&path).await?, b"saved");
    /// fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn create(path: impl AsRef<Path>) -> io::Result<File> {
        let path = path.as_ref().to_owned();
        Self::open_by(move || std::fs::File::create(path)).await
    }

    /// Creates the file at `path`, to be read and written.
    ///
    /// # Errors
    /// `AlreadyExists` if there is one; what the system reports otherwise.
    ///
    /// # Cancel safety
    /// Once begun it is completed, even if the future is dropped; a file that nobody takes any more is
    /// closed.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, File};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-create-new-{}", std::process::id()));
    /// File::create_new(&path).await?;
    /// // Never overwrites what is there.
    /// let error = File::create_new(&path).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn create_new<P: AsRef<Path>>(path: P) -> io::Result<File> {
        let path = path.as_ref().to_owned();
        Self::open_by(move || std::fs::File::create_new(path)).await
    }

    /// Takes over a file of std's.
    ///
    /// Others may have the same open file, and move its position: all that goes by it is done by the blocking
    /// pool.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::{fs::File, io::AsyncReadExt};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-from-std-{}", std::process::id()));
    /// std::fs::write(&path, "opened by std")?;
    /// let mut file = File::from_std(std::fs::File::open(&path)?);
    /// let mut text = String::new();
    /// file.read_to_string(&mut text).await?;
    /// assert_eq!(text, "opened by std");
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn from_std(std: std::fs::File) -> File {
        Self::with_position(OpenFile::from_others(std), FilePosition::default())
    }

    #[inline]
    fn with_position(std: Arc<OpenFile>, position: FilePosition) -> File {
        File {
            std,
            inner: Lock::new(FileState::new(position)),
            waiting: Arc::default(),
            max_buf_size: DEFAULT_MAX_BUF_SIZE,
            streams: &BufferedStreams,
        }
    }

    /// Opens a file by `open`, on the pool, and finds out what may be done with it in place.
    #[inline]
    pub(super) async fn open_by<F>(open: F) -> io::Result<File>
    where
        F: FnOnce() -> io::Result<std::fs::File> + Send + 'static,
    {
        let opened = offload(move || {
            let file = OpenFile::new(open()?);
            let position = if file.classify().is_local() {
                FilePosition::of_new_file(&file)
            } else {
                FilePosition::default()
            };
            Ok((file, position))
        });
        opened
            .await
            .map(|(file, position)| Self::with_position(file, position))
    }

    /// The open file, to share it. The position of the system is corrected here, which waits for any read
    /// through the same open file: only a forked process can be making one.
    #[inline]
    pub(super) fn shared(&self) -> &std::fs::File {
        self.share();
        // The position of a file that others have may only be changed on the pool.
        if self.std.has_absolute_seek() {
            let sought = self.std.run_deferred_seek();
            // A local file can go back to where it has been.
            debug_assert!(sought.is_ok(), "{sought:?}");
        }
        &self.std
    }

    /// The open file is shared from now on; the seek to the position of this handle is deferred.
    #[inline]
    fn share(&self) {
        let mut inner = self.state();
        if inner.position.known().is_some() {
            inner.undo_read_ahead(&self.std); // I1
        }
        inner.position.share(&self.std);
    }

    /// Undoes reading ahead, if no operation is in progress.
    #[inline]
    pub(super) fn undo_read_ahead(&self) {
        self.state().undo_read_ahead(&self.std);
    }

    /// Waits until no operation is in progress, and defers the seek to the position of this handle: the file is
    /// shared from now on.
    #[inline]
    async fn idle_and_share(&self) {
        self.idle().await;
        self.share();
        self.undo_read_ahead();
    }

    #[inline]
    fn state(&self) -> LockGuard<'_, FileState> {
        self.inner.lock()
    }

    /// Waits until no operation is in progress; several callers may wait at once (I3).
    #[inline]
    pub(super) async fn idle(&self) {
        let waker = Waker::from(Arc::clone(&self.waiting));
        self.std.detached().wait_empty().await;
        loop {
            // Made before the check, so that an end after the check is noticed.
            let notified = self.waiting.0.notified();
            if self.is_idle(&waker) {
                break;
            }
            notified.await;
        }
        // The caller that found it idle tells the others: the wake of the operation itself may have come before
        // they waited.
        self.waiting.0.notify_waiters();
    }

    /// Whether no operation is in progress; else `waker`, which is our own, is woken at the end.
    #[inline]
    fn is_idle(&self, waker: &Waker) -> bool {
        let mut cx = Context::from_waker(waker);
        // Without a limit: an exhausted budget would wake this waker while the lock is held (I3).
        with_budget(Budget::unlimited(), || {
            self.state().poll_idle(&mut cx).is_ready()
        })
    }

    /// Waits until all data and metadata has reached the disk.
    ///
    /// # Errors
    /// What the system says, or a write that failed before.
    ///
    /// # Cancel safety
    /// What was begun goes on; call it again to know how it ended.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::{fs::File, io::AsyncWriteExt};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-sync-{}", std::process::id()));
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"must survive a power cut").await?;
    /// file.sync_all().await?;
    /// assert_eq!(file.metadata().await?.len(), 24);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn sync_all(&self) -> io::Result<()> {
        self.wait_for_write().await?;
        if let Some(outcome) = ring_io::sync(&self.std, false).await {
            return outcome;
        }
        let std = Arc::clone(&self.std);
        offload(move || std.sync_all()).await
    }

    /// Waits until all data, and what metadata it needs, has reached the disk.
    ///
    /// # Errors
    /// What the system says, or a write that failed before.
    ///
    /// # Cancel safety
    /// What was begun goes on; call it again to know how it ended.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::{fs::File, io::AsyncWriteExt};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-sync-data-{}", std::process::id()));
    /// let mut log = File::create(&path).await?;
    /// for entry in ["one\n", "two\n"] {
    ///     log.write_all(entry.as_bytes()).await?;
    ///     // The entry is on the disk; times in its metadata may not be.
    ///     log.sync_data().await?;
    /// }
    /// assert_eq!(log.metadata().await?.len(), 8);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn sync_data(&self) -> io::Result<()> {
        self.wait_for_write().await?;
        if let Some(outcome) = ring_io::sync(&self.std, true).await {
            return outcome;
        }
        let std = Arc::clone(&self.std);
        offload(move || std.sync_data()).await
    }

    /// Waits for a write in progress, and fails if one failed (I2).
    #[inline]
    async fn wait_for_write(&self) -> io::Result<()> {
        self.idle().await;
        self.state().failed()
    }

    /// The metadata of the file.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Nothing changes when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::{self, File};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-file-metadata-{}", std::process::id()));
    /// fs::write(&path, "four").await?;
    /// let metadata = File::open(&path).await?.metadata().await?;
    /// assert!(metadata.is_file() && metadata.len() == 4);
    /// # fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn metadata(&self) -> io::Result<Metadata> {
        self.std.detached().wait_empty().await;
        // After a write that is in progress, on the pool like the write.
        if matches!(self.state().state, State::Idle(_)) {
            if let Some(known) = in_place::metadata(&self.std).await {
                return known;
            }
        }
        let std = Arc::clone(&self.std);
        offload(move || std.metadata()).await
    }

    /// Another handle of the same open file: position and all is shared, and stands where this handle's reads have come
    /// to; what reads that were given up have read ahead is read again.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// Nothing changes when the future is dropped; a handle that nobody takes any more is closed.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::{fs::{self, File}, io::AsyncReadExt};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-clone-{}", std::process::id()));
    /// fs::write(&path, "0123456789").await?;
    /// let mut one = File::open(&path).await?;
    /// let mut two = one.try_clone().await?;
    /// // They share the position.
    /// let (mut first, mut second) = ([0; 5], [0; 5]);
    /// one.read_exact(&mut first).await?;
    /// drop(one);
    /// two.read_exact(&mut second).await?;
    /// assert_eq!((&first, &second), (b"01234", b"56789"));
    /// # fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn try_clone(&self) -> io::Result<File> {
        self.idle_and_share().await;
        let cloned = self.change(|std| {
            std.run_deferred_seek()?;
            std.try_clone()
        });
        let clone = cloned.await?;
        let mut clone = Self::with_position(clone, FilePosition::default());
        clone.set_max_buf_size(self.max_buf_size);
        Ok(clone)
    }

    /// The file as std's, once no operation is in progress, also of those that nobody waits for any more. It stands where
    /// this handle's reads have come to; but what reads that were given up have taken of a pipe, a socket or a
    /// terminal goes with this handle.
    ///
    /// # Cancel safety
    /// The file is closed if the future is dropped; what it has taken is written all the same.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    /// use selkie::{fs::{self, File}, io::AsyncWriteExt};
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-into-std-{}", std::process::id()));
    /// let mut file = File::create(&path).await?;
    /// file.write_all(b"begun here, ").await?;
    /// // What was written before is in the file.
    /// let mut file = file.into_std().await;
    /// selkie::task::spawn_blocking(move || file.write_all(b"finished by std")).await.unwrap()?;
    /// assert_eq!(fs::read_to_string(&path).await?, "begun here, finished by std");
    /// # fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn into_std(self) -> std::fs::File {
        self.idle_and_share().await;
        if self.std.has_deferred_seek() {
            let has_pool = Handle::try_current().is_ok();
            let is_sought = has_pool && self.change(OpenFile::run_deferred_seek).await.is_ok();
            if !is_sought && (self.std.has_absolute_seek() || !has_pool) {
                // A file that cannot seek stays at the end of what was read ahead.
                let _sought = self.std.run_deferred_seek();
            }
        }
        self.std.unwrap().await
    }

    /// The file as std's. A file that was cloned, made of one of std's, or lent as a descriptor stands at the end of what
    /// reads that were given up have read ahead: only [`into_std`](Self::into_std) may wait until it has gone back.
    ///
    /// # Errors
    /// The file itself, if an operation is in progress.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-try-into-std-{}", std::process::id()));
    /// let file = File::create(&path).await?;
    /// // No operation is in progress.
    /// let file: std::fs::File = file.try_into_std().unwrap();
    /// assert_eq!(file.metadata()?.len(), 0);
    /// # std::fs::remove_file(&path)?;
    /// # Ok(())
    /// # }
    /// ```
    #[allow(
        clippy::result_large_err,
        reason = "the file comes back, and is moved once"
    )]
    #[inline]
    pub fn try_into_std(mut self) -> Result<std::fs::File, Self> {
        self.shared();
        match self.std.try_unwrap() {
            Ok(std) => Ok(std),
            Err(shared) => {
                self.std = shared;
                Err(self)
            }
        }
    }

    /// Sets how many bytes one operation moves at most; 2 MiB if never set.
    ///
    /// # Panics
    /// If it is zero.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs::File;
    ///
    /// let path = std::env::temp_dir().join(format!("selkie-buf-size-{}", std::process::id()));
    /// let mut file = File::create(&path).await?;
    /// // Less memory for each file, and more hops for large ones.
    /// file.set_max_buf_size(64 * 1024);
    /// assert_eq!(file.max_buf_size(), 65_536);
    /// # selkie::fs::remove_file(&path).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    #[inline]
    pub fn set_max_buf_size(&mut self, max_buf_size: usize) {
        assert!(max_buf_size > 0, "`max_buf_size` must be greater than 0");
        self.max_buf_size = max_buf_size;
    }

    /// How many bytes one operation moves at most.
    #[inline]
    pub fn max_buf_size(&self) -> usize {
        self.max_buf_size
    }
}

impl From<std::fs::File> for File {
    #[inline]
    fn from(std: std::fs::File) -> Self {
        Self::from_std(std)
    }
}

impl fmt::Debug for File {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("tokio::fs::File")
            .field("std", &self.std)
            .finish()
    }
}
