//! Operations that the system answers from memory, done where the task runs.
//!
//! Idea        A read of an open file is first tried in a way that cannot wait for a disk. What is not cached goes
//!             to the blocking pool. Only the time differs.
//! Invariants  I1 the outcome in place is the same as the outcome on the pool. If it may differ, as an error may, it is
//!                not reported, and the operation runs on the pool.
//!             I2 each operation done in place costs budget, as one on the pool does.
//!             I3 nothing is done here by a path, or at the position of the system, whose lock somebody may hold.
//! Rejected    Reads of any size: 2 MiB from the cache occupy a worker for half a millisecond.
#![allow(unsafe_code)]

use std::fs::{File, Metadata};
use std::future::poll_fn;
use std::io::{self, SeekFrom};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::task::{Context, Poll, ready};

use bytes::BufMut;
use selkie_core::coop;

use super::open_file::OpenFile;
use super::position::FilePosition;
use crate::context;
use crate::sys::{CachedAccess, NotRead, PageCache};
#[cfg(unix)]
use crate::sys::{FileLock, set_file_lock};

/// The most bytes of one read in place.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// The bytes that one unit of the budget pays for.
const BYTES_PER_UNIT: usize = 16 * 1024;

/// The largest offset that every file system allows, whatever the size of the file; a larger one may not be
/// allowed.
const ALWAYS_ALLOWED: u64 = i32::MAX as u64;

/// Whether there is a current runtime that has not shut down, and that allows files in place. Without one the
/// pool is asked, which reports that it does not exist: otherwise it would depend on the cache whether a
/// program works.
#[inline]
pub(super) fn is_on() -> bool {
    context::with_current(|inner| inner.files_in_place && inner.blocking.is_open()).unwrap_or(false)
}

/// Charges a unit for each part of `bytes` after the first, as long as the budget lasts (I2).
#[inline]
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

/// The answer of `call` about `file`; `None` if it has none, or may not be called here.
#[inline]
async fn ask<T>(file: &OpenFile, call: impl Fn(&File) -> Option<T>) -> Option<T> {
    poll_fn(|cx| {
        let unit = ready!(coop::poll_proceed(cx));
        let is_local = file.class().is_local() && is_on();
        let answer = is_local.then(|| call(file)).flatten();
        if answer.is_some() {
            unit.made_progress();
        }
        Poll::Ready(answer)
    })
    .await
}

/// The metadata of `file`, if it is in memory.
#[inline]
pub(super) async fn metadata(file: &OpenFile) -> Option<io::Result<Metadata>> {
    ask(file, |file| file.metadata().ok().map(Ok)).await
}

/// Sets `lock` as the lock of `file`, if that asks no server.
#[cfg(unix)]
#[inline]
pub(super) async fn lock(file: &OpenFile, lock: FileLock) -> Option<io::Result<()>> {
    ask(file, |file| Some(set_file_lock(file.as_fd(), lock))).await
}

/// Moves the position of `file`, if that is known to be allowed (I3). The pool reports a failure.
#[inline]
pub(super) fn seek(
    file: &OpenFile,
    file_position: &mut FilePosition,
    position: SeekFrom,
) -> Option<u64> {
    let at = file_position.known()?;
    if !file.class().is_local() || !is_on() {
        return None;
    }
    let size = || file.metadata().ok().map(|metadata| metadata.len());
    let to = match position {
        SeekFrom::Start(to) => to,
        SeekFrom::Current(offset) => at.checked_add_signed(offset)?,
        SeekFrom::End(offset) => size()?.checked_add_signed(offset)?,
    };
    if to > ALWAYS_ALLOWED && to != at && to > size()? {
        return None;
    }
    file_position.set(to);
    Some(to)
}

/// Reads up to `limit` cached bytes at the position of `file`; none means its end.
///
/// # Errors
/// The pool must read.
#[inline]
pub(super) fn read_some(
    cx: &mut Context<'_>,
    file: &OpenFile,
    buf: &mut impl BufMut,
    limit: usize,
    file_position: &mut FilePosition,
) -> Result<(), NotRead> {
    let at = file_position.known().ok_or(NotRead::NotCached)?;
    if limit > MAX_BYTES || !is_on() {
        return Err(NotRead::NotCached);
    }
    let n = fill(file, buf, limit, at)?;
    if n == 0 && !is_end(file, at) {
        return Err(NotRead::NotCached);
    }
    file_position.advance(n);
    charge(cx, n);
    Ok(())
}

/// Whether `file` ends at `at`, or before.
#[inline]
fn is_end(file: &OpenFile, at: u64) -> bool {
    file.metadata().is_ok_and(|metadata| at >= metadata.len())
}

/// Reads once at `offset` into `buf` what is cached; `None` if the pool must.
#[inline]
pub(super) async fn read_at(file: &OpenFile, buf: &mut [u8], offset: u64) -> Option<usize> {
    if buf.len() > MAX_BYTES || !is_on() {
        return None;
    }
    poll_fn(|cx| {
        let unit = ready!(coop::poll_proceed(cx));
        let (len, mut free) = (buf.len(), &mut *buf);
        // If nothing was read, the pool finds out whether that is the end.
        let n = fill(file, &mut free, len, offset).ok();
        let n = n.filter(|&n| n > 0 || len == 0);
        if let Some(n) = n {
            unit.made_progress();
            charge(cx, n);
        }
        Poll::Ready(n)
    })
    .await
}

/// Reads up to `limit` cached bytes at `offset` into `buf`.
#[inline]
fn fill(
    file: &OpenFile,
    buf: &mut impl BufMut,
    limit: usize,
    offset: u64,
) -> Result<usize, NotRead> {
    let chunk = buf.chunk_mut();
    let limit = limit.min(chunk.len());
    // SAFETY: the system call only writes values.
    let free = unsafe { chunk[..limit].as_uninit_slice_mut() };
    let n = PageCache::read(file, free, offset, file.class()).inspect_err(|&refused| {
        if refused == NotRead::Unsupported && file.class().is_local() {
            file.mark_may_block();
        }
    })?;
    assert!(n <= limit, "a read returned {n} bytes for {limit}");
    // SAFETY: the system has written `n` bytes.
    unsafe { buf.advance_mut(n) };
    Ok(n)
}
