//! Waiting for the exit of a child: by a pidfd, or by SIGCHLD.

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

/// A pidfd: a descriptor that becomes readable when a child ends.
#[derive(Debug)]
pub(in crate::process) struct Pidfd(OwnedFd);

impl Source for Pidfd {
    #[inline]
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(registry, token, interest)
    }

    #[inline]
    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interest)
    }

    #[inline]
    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(registry)
    }
}

/// How the end of a child is waited for.
#[derive(Debug)]
pub(in crate::process) enum ExitListener {
    /// By its pidfd.
    Pidfd(Evented<Pidfd>),
    /// By SIGCHLD, on a system without pidfds: whenever any child has ended, this one is checked.
    Sigchld(SignalListener),
}

impl ExitListener {
    /// Listens for the exit of the child `pid`.
    #[inline]
    pub(in crate::process) fn new(pid: u32, handle: Handle) -> io::Result<Self> {
        if let Ok(fd) = pidfd_open(pid) {
            let listener =
                Evented::with_handle(Pidfd(fd), crate::async_io::Interest::READABLE, handle)?;
            return Ok(Self::Pidfd(listener));
        }
        handle.listen_to_signals()?;
        SignalListener::new(libc::SIGCHLD).map(Self::Sigchld)
    }

    /// Asks whether `child` has ended until it has, waiting in between for a reason to ask again.
    ///
    /// A pidfd may become readable for other reasons than the exit, such as a stop by a tracer.
    #[inline]
    pub(in crate::process) fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
        child: &mut std::process::Child,
    ) -> Poll<io::Result<ExitStatus>> {
        match self {
            Self::Pidfd(fd) => loop {
                if let Some(status) = try_wait(child)? {
                    return Poll::Ready(Ok(status));
                }
                let event = ready!(fd.registration().poll_ready(cx, Direction::Read))?;
                fd.registration().clear(event);
            },
            Self::Sigchld(listener) => loop {
                // The waker is stored before the child is checked, so that an exit in between wakes it.
                let signalled = listener.poll(cx);
                if let Some(status) = try_wait(child)? {
                    return Poll::Ready(Ok(status));
                }
                ready!(signalled);
            },
        }
    }
}

/// The status of `child`, if it has ended; it is reaped then.
///
/// A stop is not an exit, although the tracer of a child is notified of both in the same way.
#[inline]
pub(in crate::process) fn try_wait(
    child: &mut std::process::Child,
) -> io::Result<Option<ExitStatus>> {
    if has_ended(child.id())? {
        child.try_wait()
    } else {
        Ok(None)
    }
}
