//! The process's input as a source of readiness: a terminal, a pipe, a socket.
//!
//! Idea        The driver watches a duplicate of the descriptor and says when something is there. It is read
//!             elsewhere, through std's reader, whose lock anybody may hold for as long as they like.
//! Invariants  I1 the duplicate is deregistered when it drops: the original lives on.
//! Rejected    Non-blocking mode: the shell and whoever else has the terminal would find it so.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll};

use mio::unix::pipe::Receiver;

use crate::context;
use crate::driver::Direction;
use crate::io::Interest;
use crate::source::Evented;
use crate::sys::{has_input, is_regular_file};

/// The watched input. To mio a receiver is any descriptor that can be read.
#[derive(Debug)]
pub(super) struct Watched(Evented<Receiver>);

impl Watched {
    /// Watches the input; `None` if it is a file, or nobody here can watch it.
    pub(super) fn new() -> Option<Self> {
        let driver = context::try_driver()?;
        let input = io::stdin();
        // A file on a server can be watched, too, but to say so it would be asked.
        if is_regular_file(input.as_fd()).ok()? {
            return None;
        }
        let duplicate: OwnedFd = input.as_fd().try_clone_to_owned().ok()?;
        let duplicate = Receiver::from(duplicate);
        let source = Evented::with_handle(duplicate, Interest::READABLE, driver).ok()?;
        let _ = source.as_fd(); // I1: seen, hence deregistered.
        Some(Self(source))
    }

    /// Waits until something is there, the end included.
    pub(super) fn poll_input(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.registration().poll_io(cx, Direction::Read, || {
            if has_input(self.0.as_fd())? {
                Ok(())
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            }
        })
    }
}

/// Whether a read of the input would end at once. What std has read ahead is not seen.
pub(super) fn input_is_there() -> bool {
    // Who cannot say so finds out by reading.
    has_input(io::stdin().as_fd()).unwrap_or(true)
}
