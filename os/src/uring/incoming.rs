//! The connections that a listener accepts.
//!
//! Idea        One operation accepts again and again; it is begun anew when the system ends it.
//! Invariants  I1 a descriptor that a completion carries belongs to who takes the completion; if
//!                nobody does any more, it is closed.
#![allow(unsafe_code)]

use std::any::Any;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use io_uring::{opcode, types};
use selkie_core::coop;

use super::attached::{Anew, Attached};
use super::line::{Line, Look};
use super::socket::Socket;
use crate::driver::{Completion, Payload, outcome_error};

struct Accepting {
    _listener: Arc<OwnedFd>,
}

impl Payload for Accepting {
    fn carried(&self, told: Completion) -> Option<Box<dyn Any + Send>> {
        Some(Box::new(accepted(told)))
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// The descriptor that `told` carries (I1).
fn accepted(told: Completion) -> io::Result<OwnedFd> {
    if told.result < 0 {
        return Err(outcome_error(-told.result));
    }
    // SAFETY: the system has made it for us, and each completion is taken once.
    Ok(unsafe { OwnedFd::from_raw_fd(told.result) })
}

/// The connections that come to a listener, TCP's or Unix's.
///
/// The operation goes on between calls: 256 connections are accepted ahead of [`next`](Self::next) at
/// most, which are closed if this drops.
#[derive(Debug)]
pub struct Incoming {
    attached: Attached,
    line: Line,
    listener: Arc<OwnedFd>,
}

impl Incoming {
    /// The connections that come to `listener`, by the runtime that runs here.
    ///
    /// # Errors
    /// `Unsupported` if the runtime was built without I/O or with
    /// [`disable_io_uring`](crate::runtime::Builder::disable_io_uring), or the system refuses it; `Other` if
    /// no runtime runs here. What the system says if it has no descriptor or no memory for a ring just now:
    /// call it again later.
    pub fn new(listener: impl Into<OwnedFd>) -> io::Result<Self> {
        Ok(Self {
            attached: Attached::here()?,
            line: Line::default(),
            listener: Arc::new(listener.into()),
        })
    }

    /// The next connection.
    ///
    /// # Errors
    /// What the system says: that there are too many descriptors, for one; that the runtime has shut
    /// down. Call it again to go on.
    ///
    /// # Cancel safety
    /// No connection is lost: call it again.
    ///
    /// # Cost
    /// No system call of its own while the operation goes on.
    pub async fn next(&mut self) -> io::Result<Socket> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The same, polled.
    ///
    /// # Errors
    /// As for [`next`](Self::next).
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Socket>> {
        let unit = ready!(coop::poll_proceed(cx));
        let next = ready!(self.poll_accepted(cx));
        unit.made_progress();
        Poll::Ready(next.map(|fd| Socket::attach(self.attached.clone(), fd)))
    }

    fn poll_accepted(&mut self, cx: &Context<'_>) -> Poll<io::Result<OwnedFd>> {
        let mut anew = Anew::default();
        loop {
            match self.line.look(&self.attached, cx) {
                // Also ended if the line was full.
                Look::Told(told) if Anew::suits(-told.result) => ready!(anew.poll_once_more(cx)),
                Look::Told(told) => return Poll::Ready(accepted(told)),
                Look::Pending => return Poll::Pending,
                Look::Ended(error) => return Poll::Ready(Err(error)),
                Look::Idle => self.begin()?,
            }
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        let fd = types::Fd(self.listener.as_raw_fd());
        let entry = opcode::AcceptMulti::new(fd).flags(libc::SOCK_CLOEXEC);
        let payload = Accepting {
            _listener: Arc::clone(&self.listener),
        };
        let ring = self.attached.ring()?;
        // SAFETY: the descriptor belongs to the payload.
        unsafe {
            self.line
                .begin(&self.attached, ring, entry.build(), Box::new(payload))
        }
    }
}

impl AsFd for Incoming {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }
}
