//! Operations on files by the ring of the worker, if it has one.
//!
//! Idea        Each function returns what the ring did, or gives the buffer back if the blocking pool must do it. In a
//!             build without io_uring the pool does everything.
//! Invariants  I1 what the ring reads and writes lies in an `OperationBuffer`, which the payload owns: it does not
//!                move, and it and the file outlive the operation, not the future.
#![cfg_attr(io_uring, allow(unsafe_code))]

#[cfg(not(io_uring))]
pub(super) use unsupported::{read_at, sync, write_at};
#[cfg(io_uring)]
pub(super) use uring::{read_at, sync, write_at};

#[cfg(io_uring)]
mod uring {
    use std::io;
    use std::os::fd::AsRawFd;
    use std::sync::Arc;

    use io_uring::{opcode, squeue, types};

    use super::super::detached::{Effect, OperationGuard};
    use super::super::open_file::OpenFile;
    use super::super::{detached, in_place};
    use crate::context;
    use crate::driver::{Handle, OperationBuffer, Payload, Ring, outcome_error};
    use crate::sys::FileClass;

    /// The ring of this thread, as far as `of` gives it.
    #[inline]
    fn ring(of: fn(&Handle, Option<usize>) -> Option<&Arc<Ring>>) -> Option<Arc<Ring>> {
        context::with_current(|inner| {
            let driver = inner.driver.as_ref()?;
            of(driver, inner.spawner.worker_here()).cloned()
        })
        .ok()
        .flatten()
    }

    /// What an operation owns until it is done.
    type Owner = (Arc<OpenFile>, Option<OperationGuard<OpenFile>>);

    /// How the system does an operation on `file`; `None` if the pool must.
    #[inline]
    fn flags(file: &OpenFile) -> Option<squeue::Flags> {
        match file.class() {
            FileClass::Disk | FileClass::Memory if in_place::is_on() => {
                Some(squeue::Flags::empty())
            }
            // A server, or a program that must permit the read, may take long to answer: the call must not be
            // made where it is submitted, which is here.
            FileClass::Disk | FileClass::Memory | FileClass::MayBlock | FileClass::Remote => {
                Some(squeue::Flags::ASYNC)
            }
            // The ring would read from a pipe without an offset, although an offset was asked for.
            FileClass::Unknown | FileClass::Unseekable => None,
        }
    }

    /// Runs `entry`, which is made from the bytes of the buffer. `Err` with the buffer if the pool must.
    #[inline]
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
        let (_waiter, guard) = detached::begin_with(effect, file);
        let owner: Owner = (Arc::clone(file), guard);
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
                    // Cancelled because the thread that submitted it has ended, or not possible by a ring.
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
    #[inline]
    pub(in super::super) async fn read_at<B>(
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
    #[inline]
    pub(in super::super) async fn write_at<B>(
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
    #[inline]
    pub(in super::super) async fn sync(
        file: &Arc<OpenFile>,
        only_data: bool,
    ) -> Option<io::Result<()>> {
        let fd = types::Fd(file.as_raw_fd());
        let flags = if only_data {
            types::FsyncFlags::DATASYNC
        } else {
            types::FsyncFlags::empty()
        };
        let entry = |(): &mut ()| Some(opcode::Fsync::new(fd).flags(flags).build());
        // It takes as long on the pool, so no ring is made for it.
        match run(ring(Handle::existing_ring), file, (), Effect::Reads, entry).await {
            Ok((outcome, ())) => Some(outcome.map(drop)),
            Err(()) => None,
        }
    }
}

#[cfg(not(io_uring))]
mod unsupported {
    use std::io;
    use std::sync::Arc;

    use super::super::open_file::OpenFile;

    #[inline]
    pub(in super::super) async fn read_at<B>(
        _file: &Arc<OpenFile>,
        buf: B,
        _offset: u64,
    ) -> Result<(io::Result<usize>, B), B> {
        Err(buf)
    }

    #[inline]
    pub(in super::super) async fn write_at<B>(
        _file: &Arc<OpenFile>,
        buf: B,
        _from: usize,
        _offset: u64,
    ) -> Result<(io::Result<usize>, B), B> {
        Err(buf)
    }

    #[inline]
    pub(in super::super) async fn sync(
        _file: &Arc<OpenFile>,
        _only_data: bool,
    ) -> Option<io::Result<()>> {
        None
    }
}
