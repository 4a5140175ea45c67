//! Systems whose poller keeps state in the source itself: it is told of each at once.

use std::io;

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::told::Told;

/// Nothing that the poller could be told later.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LateSource;

impl LateSource {
    /// There is none: the poller is told at once, by the source itself.
    pub(crate) const NONE: Self = Self;

    pub(crate) const fn is_some(self) -> bool {
        false
    }

    pub(crate) fn ask(self) -> Option<Told> {
        None
    }
}

/// What can be told to the poller later: nothing.
pub(crate) trait MayBeLate {
    fn late(&self) -> LateSource;
}

impl<T> MayBeLate for T {
    fn late(&self) -> LateSource {
        LateSource::NONE
    }
}

impl Source for LateSource {
    fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn deregister(&mut self, _: &Registry) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
