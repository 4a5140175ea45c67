//! The pipe that bytes go through, and one step into it and out of it.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::ptr;

/// A pipe of this process alone, both ends of which never block.
#[derive(Debug)]
pub(super) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
}

/// What a step on the blocking pool did: how many bytes moved, and how it ended.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) bytes: usize,
    pub(super) outcome: io::Result<()>,
}

impl Pipe {
    #[inline]
    pub(super) fn new() -> io::Result<Self> {
        let mut ends = [0; 2];
        // SAFETY: the system writes two numbers.
        if unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the system has just made the descriptor for us.
        let read = unsafe { OwnedFd::from_raw_fd(ends[0]) };
        // SAFETY: as above.
        let write = unsafe { OwnedFd::from_raw_fd(ends[1]) };
        Ok(Self { read, write })
    }

    /// How many bytes the pipe has room for.
    #[inline]
    pub(super) fn capacity(&self) -> io::Result<usize> {
        // SAFETY: the call takes numbers.
        let size = unsafe { libc::fcntl(self.write.as_raw_fd(), libc::F_GETPIPE_SZ) };
        usize::try_from(size).map_err(|_| io::Error::last_os_error())
    }

    /// Makes room for at least `bytes`; returns for how many.
    #[inline]
    pub(super) fn grow(&self, bytes: usize) -> io::Result<usize> {
        let bytes: libc::c_int = bytes
            .try_into()
            .map_err(|_| io::Error::from_raw_os_error(libc::EPERM))?;
        // SAFETY: the call takes numbers.
        let size = unsafe { libc::fcntl(self.write.as_raw_fd(), libc::F_SETPIPE_SZ, bytes) };
        usize::try_from(size).map_err(|_| io::Error::last_os_error())
    }

    /// Moves up to `most` bytes from `source` into the pipe; zero is the end of `source`, if the pipe has room.
    #[inline]
    pub(super) fn fill(&self, source: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        splice(source, None, self.write.as_fd(), None, most)
    }

    /// Moves up to `most` bytes from the pipe to `target`.
    #[inline]
    pub(super) fn drain(&self, target: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        splice(self.read.as_fd(), None, target, None, most)
    }

    /// Moves up to `most` bytes of `file`, from `offset` on, into the pipe, until its end or until the pipe is full.
    #[inline]
    pub(super) fn fill_from_file(&self, file: &OwnedFd, offset: u64, most: usize) -> Step {
        repeat(most, |done| {
            let at = offset + done as u64;
            splice(
                file.as_fd(),
                Some(at),
                self.write.as_fd(),
                None,
                most - done,
            )
        })
    }

    /// Moves `most` bytes, which the pipe holds, to `file` at `offset`.
    #[inline]
    pub(super) fn drain_to_file(&self, file: &OwnedFd, offset: u64, most: usize) -> Step {
        repeat(most, |done| {
            let at = offset + done as u64;
            splice(self.read.as_fd(), None, file.as_fd(), Some(at), most - done)
        })
    }
}

/// Moves up to `most` bytes, without waiting; a file has an offset, which is where the bytes are read or written.
#[inline]
fn splice(
    from: BorrowedFd<'_>,
    from_offset: Option<u64>,
    to: BorrowedFd<'_>,
    to_offset: Option<u64>,
    most: usize,
) -> io::Result<usize> {
    let mut from_offset = from_offset.map(|offset| offset as libc::loff_t);
    let mut to_offset = to_offset.map(|offset| offset as libc::loff_t);
    // SAFETY: each pointer is null, or leads to one offset that the system reads and writes.
    let moved = unsafe {
        libc::splice(
            from.as_raw_fd(),
            from_offset.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
            to.as_raw_fd(),
            to_offset.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
            most,
            libc::SPLICE_F_NONBLOCK,
        )
    };
    usize::try_from(moved).map_err(|_| io::Error::last_os_error())
}

/// Calls `call` with how many bytes have moved, until `most` have, or none do.
#[inline]
fn repeat(most: usize, mut call: impl FnMut(usize) -> io::Result<usize>) -> Step {
    let mut bytes = 0;
    let outcome = loop {
        if bytes == most {
            break Ok(());
        }
        match call(bytes) {
            Ok(0) => break Ok(()),
            Ok(n) => bytes += n,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(error),
        }
    };
    Step { bytes, outcome }
}
