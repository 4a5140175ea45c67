//! The end of a child.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::ExitStatus;
use std::task::{Context, Poll, ready};

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use crate::driver::{Direction, Handle, SignalListener};
use crate::source::Evented;
use crate::sys::{has_ended, pidfd_open};

/// A descriptor that becomes readable when a child ends.
#[derive(Debug)]
pub(super) struct Pidfd(pub(super) OwnedFd);

impl Source for Pidfd {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(registry, token, interest)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(registry)
    }
}

/// How the end of a child is waited for.
#[derive(Debug)]
pub(super) enum Watch {
    /// Its descriptor tells.
    Descriptor(Evented<Pidfd>),
    /// The system has no such descriptors: every child's end is a reason to look.
    Signal(SignalListener),
}

impl Watch {
    /// Watches the child with the number `pid`.
    pub(super) fn new(pid: u32, handle: Handle) -> io::Result<Self> {
        if let Ok(fd) = pidfd_open(pid) {
            let watch = Evented::with_handle(Pidfd(fd), crate::io::Interest::READABLE, handle)?;
            return Ok(Self::Descriptor(watch));
        }
        handle.listen_to_signals()?;
        SignalListener::new(libc::SIGCHLD).map(Self::Signal)
    }

    /// Asks `ended` whether the child has ended until it has, and waits for a reason to ask again.
    ///
    /// A descriptor may tell of more than the end, of a tracer's stops for one.
    pub(super) fn poll_end<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut ended: impl FnMut() -> io::Result<Option<R>>,
    ) -> Poll<io::Result<R>> {
        match self {
            Self::Descriptor(fd) => loop {
                if let Some(status) = ended()? {
                    return Poll::Ready(Ok(status));
                }
                let event = ready!(fd.registration().poll_ready(cx, Direction::Read))?;
                fd.registration().clear(event);
            },
            Self::Signal(listener) => loop {
                // The waker is left before the child is asked: an end in between wakes.
                let heard = listener.poll(cx);
                if let Some(status) = ended()? {
                    return Poll::Ready(Ok(status));
                }
                ready!(heard);
            },
        }
    }
}

/// How `child` ended, if it has; it is reaped then.
///
/// A stop is no end, although the tracer of a child is told of one as of the other.
pub(super) fn try_wait(child: &mut std::process::Child) -> io::Result<Option<ExitStatus>> {
    if has_ended(child.id())? {
        child.try_wait()
    } else {
        Ok(None)
    }
}
