//! Sources that the poller may be told of later than they are made: any descriptor.

use std::io;
use std::os::fd::{AsRawFd, RawFd};

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

/// Who a descriptor is, for the poller; whoever holds this does not own it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LateSource(RawFd);

impl LateSource {
    /// There is none: the poller is told at once, by the source itself.
    pub(crate) const NONE: Self = Self(-1);

    pub(crate) const fn is_some(self) -> bool {
        self.0 >= 0
    }
}

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
