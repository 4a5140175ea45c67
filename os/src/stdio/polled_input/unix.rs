//! Standard input as a source of readiness: a terminal, a pipe, a socket.
//!
//! Idea        A duplicate of the descriptor is registered with the driver, which reports when something is there.
//!             The input is read elsewhere, through the reader of std, whose lock any thread may hold for as long
//!             as it likes.
//! Invariants  I1 the duplicate is deregistered when it is dropped, since the original stays open.
//! Rejected    Non-blocking mode: the shell, and every other process that has the terminal, would see it.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::task::{Context, Poll};

use mio::unix::pipe::Receiver;

use crate::async_io::Interest;
use crate::context;
use crate::driver::Direction;
use crate::source::Evented;
use crate::sys::{has_input, is_regular_file};

/// Standard input as a source. For mio a receiver is any descriptor that can be read.
#[derive(Debug)]
pub(in crate::stdio) struct PolledInput(Evented<Receiver>);

impl PolledInput {
    /// Registers the input; `None` if it is a file, or cannot be registered.
    #[inline]
    pub(in crate::stdio) fn new() -> Option<Self> {
        let driver = context::try_driver()?;
        let input = io::stdin();
        // A file on a server may be registered, too, but finding that out asks the server.
        if is_regular_file(input.as_fd()).ok()? {
            return None;
        }
        let duplicate: OwnedFd = input.as_fd().try_clone_to_owned().ok()?;
        let duplicate = Receiver::from(duplicate);
        let source = Evented::with_handle(duplicate, Interest::READABLE, driver).ok()?;
        let _ = source.as_fd(); // I1: exposed, hence deregistered.
        Some(Self(source))
    }

    /// Waits until something is there, the end included.
    #[inline]
    pub(in crate::stdio) fn poll_input(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.registration().poll_io(cx, Direction::Read, &mut || {
            if has_input(self.0.as_fd())? {
                Ok(())
            } else {
                Err(io::ErrorKind::WouldBlock.into())
            }
        })
    }
}

/// Whether a read of the input would return at once. What std has read ahead is not seen.
#[inline]
pub(in crate::stdio) fn has_input_now() -> bool {
    // If that cannot be known, a read finds out.
    has_input(io::stdin().as_fd()).unwrap_or(true)
}
