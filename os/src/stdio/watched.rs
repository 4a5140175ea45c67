//! The process's input as a source of readiness: a terminal, a pipe, a socket.
//!
//! Idea        The driver watches a duplicate of the descriptor, and what is there is read by
//!             std's own reader, whose buffer is seen so.
//! Invariants  I1 a read is made only when the system has just said that something is there: the
//!                descriptor stays in blocking mode, for it is shared with other processes.
//!             I2 the duplicate is deregistered when it drops: the original lives on.
//! Rejected    Non-blocking mode: the shell and whoever else has the terminal would find it so.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll};

use mio::unix::pipe::Receiver;

use crate::context;
use crate::driver::Direction;
use crate::io::Interest;
use crate::source::Evented;
use crate::sys::has_input;

/// The watched input. To mio a receiver is any descriptor that can be read.
#[derive(Debug)]
pub(super) struct Watched(Evented<Receiver>);

impl Watched {
    /// Watches the input; `None` if it is a file, or nobody here can watch it.
    pub(super) fn new() -> Option<Self> {
        let driver = context::try_driver()?;
        let file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
        if file.metadata().ok()?.is_file() {
            return None;
        }
        let duplicate = Receiver::from(OwnedFd::from(file));
        let source = Evented::with_handle(duplicate, Interest::READABLE, driver).ok()?;
        let _ = source.as_fd(); // I2: seen, hence deregistered.
        Some(Self(source))
    }

    /// Reads into `buf` when something is there, the end included.
    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.registration().poll_io(cx, Direction::Read, || {
            if !has_input(self.0.as_fd())? {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            io::stdin().read(buf) // I1
        })
    }
}
