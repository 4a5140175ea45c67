//! Operations on files by the worker's ring, if it has one.
//!
//! Invariants  I1 what the ring reads and writes lies in a `OperationBuffer`, which its payload owns: its place
//!                does not change, and it and the file outlive the operation, not the future.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;

use io_uring::{opcode, squeue, types};

use super::in_flight::{Doer, Effect};
use super::open_file::OpenFile;
use super::{in_flight, in_place};
use crate::context;
use crate::driver::{Handle, OperationBuffer, Payload, Ring, outcome_error};
use crate::sys::Learned;

/// This thread's ring, as far as `of` makes it.
fn ring(of: fn(&Handle, Option<usize>) -> Option<&Arc<Ring>>) -> Option<Arc<Ring>> {
    context::with_current(|inner| {
        let driver = inner.driver.as_ref()?;
        of(driver, inner.spawner.worker_here()).cloned()
    })
    .ok()
    .flatten()
}

/// What an operation keeps while the system is at it.
type Owner = (Arc<OpenFile>, Option<Doer<OpenFile>>);

/// How the system is to do an operation on `file`; `None` if the pool must.
fn flags(file: &OpenFile) -> Option<squeue::Flags> {
    match file.learned() {
        Learned::Disk | Learned::Memory if in_place::is_on() => Some(squeue::Flags::empty()),
        // A server, or who must permit what is read, may be long in answering: not where it is submitted, which
        // is here.
        Learned::Disk | Learned::Memory | Learned::Elsewhere | Learned::Served => {
            Some(squeue::Flags::ASYNC)
        }
        // The ring would read from a pipe, at no place at all; a place is what was asked for.
        Learned::Nothing | Learned::Special => None,
    }
}

/// Runs `entry`, made from the buffer's bytes. `Err` with the buffer if the pool must.
async fn run<B: Send + 'static>(
    ring: Option<Arc<Ring>>,
    file: &Arc<OpenFile>,
    buf: B,
    effect: Effect,
    entry: impl FnOnce(&mut B) -> Option<squeue::Entry>,
) -> Result<(io::Result<usize>, B), B> {
    let (Some(ring), Some(flags)) = (ring, flags(file)) else {
        return Err(buf);
    };
    let (_waiter, doer) = in_flight::begin_with(effect, file);
    let owner: Owner = (Arc::clone(file), doer);
    let mut held = Box::new(OperationBuffer::new(buf, owner));
    // SAFETY: the system has no pointer to it yet.
    let Some(entry) = entry(unsafe { held.buf() }) else {
        return Err(held.take());
    };
    let entry = entry.flags(flags);
    let taken = |payload: Box<dyn Payload>| {
        let held = payload.into_any().downcast::<OperationBuffer<B, Owner>>();
        held.expect("a payload comes back as what it was").take()
    };
    // SAFETY: `entry` points into the buffer, which stays at its place (I1), and names the file.
    match unsafe { ring.run(entry, held) }.await {
        Err(payload) => Err(taken(payload)),
        Ok((outcome, payload)) => {
            let buf = taken(payload);
            match outcome {
                0.. => Ok((Ok(outcome as usize), buf)),
                // Cancelled since the thread that submitted it ended, or not to be done by a ring.
                _ if [
                    libc::ECANCELED,
                    libc::EINTR,
                    libc::EAGAIN,
                    libc::EINVAL,
                    libc::EOPNOTSUPP,
                ]
                .contains(&-outcome) =>
                {
                    Err(buf)
                }
                _ => Ok((Err(outcome_error(-outcome)), buf)),
            }
        }
    }
}

/// Reads once at `offset`.
pub(super) async fn read_at<B>(
    file: &Arc<OpenFile>,
    buf: B,
    offset: u64,
) -> Result<(io::Result<usize>, B), B>
where
    B: AsMut<[u8]> + Send + 'static,
{
    let fd = types::Fd(file.as_raw_fd());
    run(ring(Handle::ring), file, buf, Effect::Reads, |buf| {
        let bytes = buf.as_mut();
        // An offset of -1 would mean the file's position.
        i64::try_from(offset).ok()?;
        let len = u32::try_from(bytes.len()).ok()?;
        Some(
            opcode::Read::new(fd, bytes.as_mut_ptr(), len)
                .offset(offset)
                .build(),
        )
    })
    .await
}

/// Writes once at `offset`, from the byte `from` of the buffer on.
pub(super) async fn write_at<B>(
    file: &Arc<OpenFile>,
    buf: B,
    from: usize,
    offset: u64,
) -> Result<(io::Result<usize>, B), B>
where
    B: AsRef<[u8]> + Send + 'static,
{
    let fd = types::Fd(file.as_raw_fd());
    run(ring(Handle::ring), file, buf, Effect::Changes, |buf| {
        let bytes = buf.as_ref().get(from..)?;
        i64::try_from(offset).ok()?;
        let len = u32::try_from(bytes.len()).ok()?;
        Some(
            opcode::Write::new(fd, bytes.as_ptr(), len)
                .offset(offset)
                .build(),
        )
    })
    .await
}

/// Brings the file to the disk, or only its data; `None` if the pool must.
pub(super) async fn sync(file: &Arc<OpenFile>, only_data: bool) -> Option<io::Result<()>> {
    let fd = types::Fd(file.as_raw_fd());
    let flags = if only_data {
        types::FsyncFlags::DATASYNC
    } else {
        types::FsyncFlags::empty()
    };
    let entry = |(): &mut ()| Some(opcode::Fsync::new(fd).flags(flags).build());
    // It takes as long by the pool: nothing to make a ring for.
    match run(ring(Handle::existing_ring), file, (), Effect::Reads, entry).await {
        Ok((outcome, ())) => Some(outcome.map(drop)),
        Err(()) => None,
    }
}
