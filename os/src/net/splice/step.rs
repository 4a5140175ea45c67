//! The pipe that bytes go through, and one step into it and out of it.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::pipe::{
    PipeFlags, SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with, splice,
};

/// A pipe of this process alone, both ends of which never block.
#[derive(Debug)]
pub(super) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
}

/// What a step on the blocking pool did: bytes that moved, and how it ended.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) bytes: usize,
    pub(super) outcome: io::Result<()>,
}

impl Pipe {
    pub(super) fn new() -> io::Result<Self> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { read, write })
    }

    /// Bytes that there is room for.
    pub(super) fn capacity(&self) -> io::Result<usize> {
        Ok(fcntl_getpipe_size(&self.write)?)
    }

    /// Makes room for at least `bytes`; says for how many.
    pub(super) fn grow(&self, bytes: usize) -> io::Result<usize> {
        Ok(fcntl_setpipe_size(&self.write, bytes)?)
    }

    /// Takes up to `most` bytes from `source`; zero is its end, if the pipe has room.
    pub(super) fn fill(&self, source: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        let n = splice(source, None, &self.write, None, most, SpliceFlags::NONBLOCK)?;
        Ok(n)
    }

    /// Gives up to `most` bytes to `target`.
    pub(super) fn drain(&self, target: BorrowedFd<'_>, most: usize) -> io::Result<usize> {
        let n = splice(&self.read, None, target, None, most, SpliceFlags::NONBLOCK)?;
        Ok(n)
    }

    /// Takes up to `most` bytes from `file` at `offset`, until its end or until the pipe is full.
    pub(super) fn fill_from_file(&self, file: &OwnedFd, offset: u64, most: usize) -> Step {
        repeat(most, |done| {
            let mut at = offset + done as u64;
            let flags = SpliceFlags::NONBLOCK;
            splice(file, Some(&mut at), &self.write, None, most - done, flags)
        })
    }

    /// Gives `most` bytes, which the pipe holds, to `file` at `offset`.
    pub(super) fn drain_to_file(&self, file: &OwnedFd, offset: u64, most: usize) -> Step {
        repeat(most, |done| {
            let mut at = offset + done as u64;
            let flags = SpliceFlags::NONBLOCK;
            splice(&self.read, None, file, Some(&mut at), most - done, flags)
        })
    }
}

/// Makes `call`, which is told how many bytes have moved, until `most` have, or none do.
fn repeat(most: usize, mut call: impl FnMut(usize) -> rustix::io::Result<usize>) -> Step {
    let mut bytes = 0;
    let outcome = loop {
        if bytes == most {
            break Ok(());
        }
        match call(bytes) {
            Ok(0) | Err(rustix::io::Errno::AGAIN) => break Ok(()),
            Ok(n) => bytes += n,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => break Err(error.into()),
        }
    };
    Step { bytes, outcome }
}
