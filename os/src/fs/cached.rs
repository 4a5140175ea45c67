//! Operations that the system's caches answer, done in place.
//!
//! Idea        An operation is first tried where the task runs, in a way that cannot wait for a disk;
//!             what is not at hand goes to the blocking pool as before. Only the time differs.
//! Invariants  I1 what is told in place is what the pool would tell: an answer that the system did
//!                not give in full, an error for one, is asked again on the pool.
//!             I2 each operation done in place costs budget, as one on the pool does.
//! Rejected    Reads of any size: 2 MiB from the cache keep a worker for half a millisecond.
#![allow(unsafe_code)]

use std::fs::Metadata;
use std::future::poll_fn;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use selkie_core::coop;

use super::offload::offload;
use crate::context;
use crate::sys::cached::{self, Found, Lookup, OnRoot, Reads};

/// Bytes that are read in place at most, at a time.
pub(super) const MAX_IN_PLACE_BYTES: usize = 64 * 1024;
/// Bytes that one unit of the budget pays for.
const BYTES_PER_UNIT: usize = 16 * 1024;

/// What is known of an open file.
pub(super) struct Known {
    /// How it is read in place, as far as it has been tried.
    reads: Reads,
    /// Whether it is a regular file on a local file system.
    is_local: Option<bool>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            reads: Reads::IfCached,
            is_local: None,
        }
    }
}

/// What an attempt in place came to.
enum Attempt<T> {
    Done(io::Result<T>),
    /// To be asked on the pool.
    Pool,
    /// The same, and the device of this descriptor is to be learned there.
    PoolAndLearn(OwnedFd),
}

/// Whether a runtime runs here that has not shut down. Without one the pool is asked, and says that
/// it is not there: else it would depend on the cache whether a program works.
fn has_runtime() -> bool {
    context::with_current(|inner| inner.blocking.is_open()).unwrap_or(false)
}

/// Takes a unit for each part of `bytes` beyond the first, as far as there are any (I2).
fn charge(cx: &mut Context<'_>, bytes: usize) {
    for _ in 0..bytes.saturating_sub(1) / BYTES_PER_UNIT {
        if !coop::has_budget_remaining() {
            return;
        }
        if let Poll::Ready(unit) = coop::poll_proceed(cx) {
            unit.made_progress();
        }
    }
}

/// Tries `attempt` here, then what `otherwise` makes on the pool.
async fn in_place_or_offload<T, F>(
    attempt: impl FnOnce() -> Attempt<T>,
    bytes: impl FnOnce(&T) -> usize,
    otherwise: impl FnOnce() -> F,
) -> io::Result<T>
where
    F: FnOnce() -> io::Result<T> + Send + 'static,
    T: Send + 'static,
{
    if !has_runtime() {
        return offload(otherwise()).await;
    }
    let (mut attempt, mut bytes) = (Some(attempt), Some(bytes));
    let attempted = poll_fn(|cx| {
        let unit = ready!(coop::poll_proceed(cx));
        let attempt = attempt.take().expect("polled until it is ready");
        let attempted = attempt();
        if let Attempt::Done(outcome) = &attempted {
            unit.made_progress();
            if let (Ok(value), Some(bytes)) = (outcome, bytes.take()) {
                charge(cx, bytes(value));
            }
        }
        Poll::Ready(attempted)
    })
    .await;
    match attempted {
        Attempt::Done(outcome) => outcome,
        Attempt::Pool => offload(otherwise()).await,
        Attempt::PoolAndLearn(fd) => {
            let f = otherwise();
            offload(move || {
                cached::learn(fd.as_fd());
                f()
            })
            .await
        }
    }
}

/// Looks `path` up and goes on with `found`; `None` from it means the pool.
fn at<T>(
    path: &Path,
    follow: bool,
    missing: impl FnOnce() -> io::Result<T>,
    found: impl FnOnce(Found) -> Option<io::Result<T>>,
) -> Attempt<T> {
    match cached::look_up(path, follow) {
        Lookup::Found(what) => found(what).map_or(Attempt::Pool, Attempt::Done),
        Lookup::Missing => Attempt::Done(missing()),
        Lookup::Stranger(fd) => Attempt::PoolAndLearn(fd),
        Lookup::Unknown => Attempt::Pool,
    }
}

fn no_such_file<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOENT))
}

/// What the system knows of `path`.
pub(super) async fn metadata(path: &Path, follow: bool) -> io::Result<Metadata> {
    let attempt = || {
        at(path, follow, no_such_file, |found| {
            std::fs::File::from(found.fd).metadata().ok().map(Ok)
        })
    };
    let otherwise = || {
        let path = path.to_owned();
        move || {
            if follow {
                std::fs::metadata(path)
            } else {
                std::fs::symlink_metadata(path)
            }
        }
    };
    in_place_or_offload(attempt, |_| 0, otherwise).await
}

/// Whether there is something at `path`.
pub(super) async fn try_exists(path: &Path) -> io::Result<bool> {
    let attempt = || at(path, true, || Ok(false), |_| Some(Ok(true)));
    let otherwise = || {
        let path = path.to_owned();
        move || path.try_exists()
    };
    in_place_or_offload(attempt, |_| 0, otherwise).await
}

/// Opens the file at `path` to be read.
pub(super) async fn open(path: &Path) -> io::Result<std::fs::File> {
    let attempt = || {
        at(path, true, no_such_file, |found| {
            let is_regular = found.inode()?.is_regular;
            let fd = is_regular.then(|| cached::open_found(path))??;
            cached::make_blocking(fd.as_fd()).ok()?;
            Some(Ok(fd.into()))
        })
    };
    let otherwise = || {
        let path = path.to_owned();
        move || std::fs::File::open(path)
    };
    in_place_or_offload(attempt, |_| 0, otherwise).await
}

/// What a path's file holds.
enum Content {
    Bytes(Vec<u8>),
    /// No regular file was opened: what comes from it is to be waited for.
    Behind(OwnedFd),
}

/// All bytes of the file at `path`.
pub(super) async fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = |content: &Content| match content {
        Content::Bytes(bytes) => bytes.len(),
        Content::Behind(_) => 0,
    };
    let otherwise = || {
        let path = path.to_owned();
        move || std::fs::read(path).map(Content::Bytes)
    };
    match in_place_or_offload(|| content(path), bytes, otherwise).await? {
        Content::Bytes(bytes) => Ok(bytes),
        Content::Behind(fd) => offload(move || cached::drain(fd)).await,
    }
}

/// What is at `path`, if that is at hand.
fn content(path: &Path) -> Attempt<Content> {
    let whole = |fd, inode| whole(fd, inode).map(|bytes| Ok(Content::Bytes(bytes)));
    match cached::open_on_root(path) {
        OnRoot::Opened(fd, inode) if inode.is_regular => {
            whole(fd, inode).map_or(Attempt::Pool, Attempt::Done)
        }
        OnRoot::Opened(fd, _) => Attempt::Done(Ok(Content::Behind(fd))),
        OnRoot::Missing => Attempt::Done(no_such_file()),
        OnRoot::NotAtHand => at(path, true, no_such_file, |found| {
            let inode = found.inode().filter(|inode| inode.is_regular)?;
            whole(cached::open_found(path)?, inode)
        }),
        OnRoot::Unknown => Attempt::Pool,
    }
}

/// All bytes of the regular file `fd`, if all are at hand and it is not larger by now.
fn whole(fd: OwnedFd, inode: cached::Inode) -> Option<Vec<u8>> {
    let size = usize::try_from(inode.size).ok()?;
    let reads = inode.reads();
    if size > MAX_IN_PLACE_BYTES || reads == Reads::Never {
        return None;
    }
    let mut bytes = Vec::new();
    // One more than there is, to see that there is not.
    bytes.try_reserve_exact(size + 1).ok()?;
    match fill(fd.as_fd(), &mut bytes, size + 1, Some(0), reads) {
        Ok(n) => (n == size).then_some(bytes),
        Err(error) => {
            if error.kind() == io::ErrorKind::Unsupported {
                inode.refuses();
            }
            None
        }
    }
}

/// What the system knows of `file`, if that is at hand.
pub(super) fn poll_metadata(
    cx: &mut Context<'_>,
    file: &std::fs::File,
) -> Poll<Option<io::Result<Metadata>>> {
    let unit = ready!(coop::poll_proceed(cx));
    let known = has_runtime().then(|| cached::known(file.as_fd())).flatten();
    let metadata = known.and_then(|_| file.metadata().ok());
    if metadata.is_some() {
        unit.made_progress();
    }
    Poll::Ready(metadata.map(Ok))
}

/// Moves where `file` stands, if it is known to wait for nothing. What fails is to be told by the pool.
pub(super) fn seek(mut file: &std::fs::File, known: &mut Known, position: SeekFrom) -> Option<u64> {
    if !has_runtime() {
        return None;
    }
    known.is_local = known
        .is_local
        .or_else(|| cached::is_local_file(file.as_fd()));
    known.is_local.filter(|&is_local| is_local)?;
    file.seek(position).ok()
}

/// Learns, on the pool, what there is to know of the device of `file`.
pub(super) fn learn(file: &std::fs::File) {
    if cached::is_local_file(file.as_fd()).is_none() {
        cached::learn(file.as_fd());
    }
}

/// Reads up to `limit` bytes that are at hand from where `file` stands; `Ok(0)` is its end.
///
/// # Errors
/// The pool is to be asked.
pub(super) fn read_some(
    cx: &mut Context<'_>,
    file: &std::fs::File,
    buf: &mut impl BufMut,
    limit: usize,
    known: &mut Known,
) -> io::Result<usize> {
    if !has_runtime() {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    // Once, but for a file that is found not to be read as it was tried.
    let n = loop {
        match fill(file.as_fd(), buf, limit, None, known.reads) {
            Ok(n) => break n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(error),
            Err(error) if known.reads == Reads::Never => return Err(error),
            Err(_) => known.reads = reads_otherwise(file, known.reads),
        }
    };
    if n == 0 && !is_at_end(file) {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    charge(cx, n);
    Ok(n)
}

/// How `file` is read, which is not read as it was tried.
#[cold]
fn reads_otherwise(file: &std::fs::File, tried: Reads) -> Reads {
    let is_memory = |inode: cached::Inode| inode.reads() == Reads::AtOnce;
    if tried == Reads::IfCached && cached::known(file.as_fd()).is_some_and(is_memory) {
        Reads::AtOnce
    } else {
        Reads::Never
    }
}

/// Whether `file`, a regular one, stands at its end, or beyond it.
fn is_at_end(file: &std::fs::File) -> bool {
    let mut handle = file;
    cached::known(file.as_fd()).is_some_and(|inode| {
        inode.is_regular && matches!(handle.stream_position(), Ok(at) if at >= inode.size)
    })
}

/// Reads once at `offset` into `buf` what is cached; `None` if the pool must.
pub(super) async fn read_at(file: &std::fs::File, buf: &mut [u8], offset: u64) -> Option<usize> {
    if buf.len() > MAX_IN_PLACE_BYTES || i64::try_from(offset).is_err() || !has_runtime() {
        return None;
    }
    poll_fn(|cx| {
        let unit = ready!(coop::poll_proceed(cx));
        // Whether nothing is the end, the pool tells.
        let (len, mut free) = (buf.len(), &mut *buf);
        let n = fill(file.as_fd(), &mut free, len, Some(offset), Reads::IfCached);
        let n = n.ok().filter(|&n| n > 0 || len == 0);
        if let Some(n) = n {
            unit.made_progress();
            charge(cx, n);
        }
        Poll::Ready(n)
    })
    .await
}

/// Reads up to `limit` cached bytes into `buf`, at `offset` or from where `file` stands.
fn fill(
    file: BorrowedFd<'_>,
    buf: &mut impl BufMut,
    limit: usize,
    offset: Option<u64>,
    reads: Reads,
) -> io::Result<usize> {
    let chunk = buf.chunk_mut();
    let limit = limit.min(chunk.len());
    // SAFETY: the system call only writes values.
    let free = unsafe { chunk[..limit].as_uninit_slice_mut() };
    let n = cached::read(file, free, offset, reads)?;
    assert!(n <= limit, "a read returned {n} bytes for {limit}");
    // SAFETY: the system has written `n` bytes.
    unsafe { buf.advance_mut(n) };
    Ok(n)
}
