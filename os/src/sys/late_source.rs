//! Sources that the poller may be told of later than they are made: any descriptor.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::told::Told;

/// Who a descriptor is, for the poller; whoever holds this does not own it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LateSource(RawFd);

impl LateSource {
    /// There is none: the poller is told at once, by the source itself.
    pub(crate) const NONE: Self = Self(-1);

    pub(crate) const fn is_some(self) -> bool {
        self.0 >= 0
    }

    /// What the descriptor is ready for now; `None` if the system does not say.
    pub(crate) fn ask(self) -> Option<Told> {
        let mut asked = libc::pollfd {
            fd: self.0,
            events: libc::POLLIN | libc::POLLPRI | libc::POLLOUT | READ_CLOSED,
            revents: 0,
        };
        // SAFETY: the system reads and writes one `pollfd`, and does not wait.
        let answers = unsafe { libc::poll(&mut asked, 1, 0) };
        if answers < 0 {
            return None; // The poller tells it a little later.
        }
        let is = |bit| asked.revents & bit != 0;
        let (hung_up, error) = (is(libc::POLLHUP), is(libc::POLLERR));
        Some(Told {
            readable: is(libc::POLLIN) || is(libc::POLLPRI),
            writable: is(libc::POLLOUT),
            read_closed: hung_up || is(libc::POLLIN) && READ_CLOSED != 0 && is(READ_CLOSED),
            write_closed: hung_up || is(libc::POLLOUT) && error || asked.revents == libc::POLLERR,
            priority: is(libc::POLLPRI),
            error,
        })
    }
}

/// How the system says that the peer has closed its writing side, where it does.
#[cfg(any(target_os = "linux", target_os = "android"))]
const READ_CLOSED: libc::c_short = libc::POLLRDHUP;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const READ_CLOSED: libc::c_short = 0;

/// What can be told to the poller later.
pub(crate) trait MayBeLate {
    /// By what the poller is told later, if that can be.
    fn late(&self) -> LateSource;
}

impl<T: AsRawFd> MayBeLate for T {
    fn late(&self) -> LateSource {
        LateSource(self.as_raw_fd())
    }
}

impl Source for LateSource {
    fn register(&mut self, registry: &Registry, token: Token, ask: Interest) -> io::Result<()> {
        SourceFd(&self.0).register(registry, token, ask)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, ask: Interest) -> io::Result<()> {
        SourceFd(&self.0).reregister(registry, token, ask)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0).deregister(registry)
    }
}
