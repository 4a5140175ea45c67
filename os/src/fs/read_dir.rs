//! The entries of a directory.
//!
//! Idea        Entries come from the blocking pool in batches, so that one hop serves many.
//! States      Idle(batch, reader) ─batch used up→ Busy(task that returns both) ─done→ Idle
//! Invariants  I1 a reader that has ended is not asked again.

use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::future::{Future, poll_fn};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::vec;

use super::offload::{not_run, offload};
use crate::blocking::BlockingKind;
use crate::sys::LISTING_TELLS_TYPE;
use crate::task::{LibraryJob, spawn_blocking_for};

/// Entries that one hop brings.
const BATCH: usize = 32;

/// The entries of the directory at `path`, in no order.
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
/// use selkie::fs;
///
/// let base = std::env::temp_dir().join(format!("selkie-list-{}", std::process::id()));
/// fs::create_dir(&base).await?;
/// for name in ["b", "a"] {
///     fs::write(base.join(name), "").await?;
/// }
/// let mut names = Vec::new();
/// let mut entries = fs::read_dir(&base).await?;
/// while let Some(entry) = entries.next_entry().await? {
///     names.push(entry.file_name());
/// }
/// names.sort();
/// assert_eq!(names, ["a", "b"]);
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[inline]
pub async fn read_dir(path: impl AsRef<Path>) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    let batch = offload(move || {
        let mut batch = Batch {
            ready: vec::IntoIter::default(),
            rest: Some(Box::new(open_directory(&path)?)),
        };
        batch.refill();
        Ok(batch)
    })
    .await?;
    Ok(ReadDir(State::Idle(batch)))
}

/// Opens a directory, again if a signal interrupts that, as std does with files.
#[inline]
fn open_directory(path: &Path) -> io::Result<std::fs::ReadDir> {
    loop {
        match std::fs::read_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// The entries of a directory, one after the other; made by [`read_dir`].
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs::{self, ReadDir};
///
/// /// How many files there are, directories not counted.
/// async fn count(mut entries: ReadDir) -> std::io::Result<u32> {
///     let mut files = 0;
///     while let Some(entry) = entries.next_entry().await? {
///         files += u32::from(entry.file_type().await?.is_file());
///     }
///     Ok(files)
/// }
///
/// let base = std::env::temp_dir().join(format!("selkie-read-dir-{}", std::process::id()));
/// fs::create_dir_all(base.join("inner")).await?;
/// fs::write(base.join("one"), "").await?;
/// assert_eq!(count(fs::read_dir(&base).await?).await?, 1);
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "entries are read only when they are asked for"]
pub struct ReadDir(State);

#[derive(Debug)]
struct Batch {
    ready: vec::IntoIter<io::Result<DirEntry>>,
    // Windows' is large: it holds the entry that it found last.
    rest: Option<Box<std::fs::ReadDir>>,
}

#[derive(Debug)]
enum State {
    Idle(Batch),
    Busy(LibraryJob<Batch>),
}

impl Batch {
    #[inline]
    fn refill(&mut self) {
        let Some(rest) = &mut self.rest else { return };
        let mut ready = Vec::with_capacity(BATCH);
        while ready.len() < BATCH {
            let Some(entry) = rest.next() else {
                self.rest = None; // I1
                break;
            };
            let is_last = entry.is_err();
            ready.push(entry.map(DirEntry::new));
            if is_last {
                break;
            }
        }
        self.ready = ready.into_iter();
    }
}

impl ReadDir {
    /// The next entry; `None` after the last.
    ///
    /// # Errors
    /// What the system reports.
    ///
    /// # Cancel safety
    /// No entry is lost when the future is dropped.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs;
    ///
    /// let base = std::env::temp_dir().join(format!("selkie-next-entry-{}", std::process::id()));
    /// fs::create_dir(&base).await?;
    /// fs::write(base.join("only"), "").await?;
    /// let mut entries = fs::read_dir(&base).await?;
    /// assert_eq!(entries.next_entry().await?.unwrap().file_name(), "only");
    /// assert!(entries.next_entry().await?.is_none());
    /// fs::remove_dir_all(&base).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn next_entry(&mut self) -> io::Result<Option<DirEntry>> {
        poll_fn(|cx| self.poll_next_entry(cx)).await
    }

    /// The next entry, as a poll.
    ///
    /// # Errors
    /// What the system reports.
    #[inline]
    pub fn poll_next_entry(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<DirEntry>>> {
        loop {
            match &mut self.0 {
                State::Idle(batch) => {
                    if let Some(entry) = batch.ready.next() {
                        return Poll::Ready(entry.map(Some));
                    }
                    let Some(rest) = batch.rest.take() else {
                        return Poll::Ready(Ok(None));
                    };
                    let mut batch = Batch {
                        ready: vec::IntoIter::default(),
                        rest: Some(rest),
                    };
                    self.0 = State::Busy(spawn_blocking_for(BlockingKind::File, move || {
                        batch.refill();
                        batch
                    }));
                }
                State::Busy(task) => match ready!(Pin::new(task).poll(cx)) {
                    Ok(batch) => self.0 = State::Idle(batch),
                    Err(_) => {
                        self.0 = State::Idle(Batch {
                            ready: vec::IntoIter::default(),
                            rest: None,
                        });
                        return Poll::Ready(Err(not_run()));
                    }
                },
            }
        }
    }
}

/// One entry of a directory.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use selkie::fs;
///
/// let base = std::env::temp_dir().join(format!("selkie-dir-entry-{}", std::process::id()));
/// fs::create_dir(&base).await?;
/// fs::write(base.join("notes.txt"), "three").await?;
/// let entry = fs::read_dir(&base).await?.next_entry().await?.unwrap();
/// assert_eq!(entry.file_name(), "notes.txt");
/// assert_eq!(entry.metadata().await?.len(), 5);
/// fs::remove_dir_all(&base).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DirEntry {
    // The listing itself tells the type, on most file systems.
    file_type: Option<FileType>,
    pub(super) std: Arc<std::fs::DirEntry>,
}

impl DirEntry {
    #[inline]
    fn new(std: std::fs::DirEntry) -> Self {
        let file_type = LISTING_TELLS_TYPE.then(|| std.file_type().ok()).flatten();
        Self {
            file_type,
            std: Arc::new(std),
        }
    }

    /// The directory's path with the entry's name.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs;
    ///
    /// let base = std::env::temp_dir().join(format!("selkie-entry-path-{}", std::process::id()));
    /// fs::create_dir(&base).await?;
    /// fs::write(base.join("file"), "contents").await?;
    /// let entry = fs::read_dir(&base).await?.next_entry().await?.unwrap();
    /// assert_eq!(entry.path(), base.join("file"));
    /// assert_eq!(fs::read_to_string(entry.path()).await?, "contents");
    /// fs::remove_dir_all(&base).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn path(&self) -> PathBuf {
        self.std.path()
    }

    /// The entry's name.
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use selkie::fs;
    ///
    /// let base = std::env::temp_dir().join(format!("selkie-entry-name-{}", std::process::id()));
    /// fs::create_dir(&base).await?;
    /// fs::write(base.join("a.txt"), "").await?;
    /// let entry = fs::read_dir(&base).await?.next_entry().await?.unwrap();
    /// assert_eq!(entry.file_name(), "a.txt");
    /// fs::remove_dir_all(&base).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn file_name(&self) -> OsString {
        self.std.file_name()
    }

    /// The metadata of the entry; links are not followed.
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
    /// use selkie::fs;
    ///
    /// let base = std::env::temp_dir().join(format!("selkie-entry-metadata-{}", std::process::id()));
    /// fs::create_dir(&base).await?;
    /// fs::write(base.join("file"), "12345").await?;
    /// let entry = fs::read_dir(&base).await?.next_entry().await?.unwrap();
    /// assert_eq!(entry.metadata().await?.len(), 5);
    /// fs::remove_dir_all(&base).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn metadata(&self) -> io::Result<Metadata> {
        let std = Arc::clone(&self.std);
        offload(move || std.metadata()).await
    }

    /// Whether the entry is a file, a directory, a link, …; links are not followed.
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
    /// use selkie::fs;
    ///
    /// let base = std::env::temp_dir().join(format!("selkie-entry-type-{}", std::process::id()));
    /// fs::create_dir_all(base.join("inner")).await?;
    /// let entry = fs::read_dir(&base).await?.next_entry().await?.unwrap();
    /// assert!(entry.file_type().await?.is_dir());
    /// fs::remove_dir_all(&base).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn file_type(&self) -> io::Result<FileType> {
        if let Some(file_type) = self.file_type {
            return Ok(file_type);
        }
        let std = Arc::clone(&self.std);
        offload(move || std.file_type()).await
    }
}
