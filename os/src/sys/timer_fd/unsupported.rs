//! Systems without timers that are descriptors.

use std::io;
use std::time::Duration;

use mio::event::Source;
use mio::{Interest, Registry, Token};

/// A timer of the system; there is none.
#[derive(Debug)]
pub(crate) enum SystemTimer {}

impl SystemTimer {
    #[inline]
    pub(crate) fn new(_counts_suspension: bool) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    #[inline]
    pub(crate) fn set(&self, _duration: Duration) -> io::Result<()> {
        match *self {}
    }

    #[inline]
    pub(crate) fn take(&self) -> io::Result<()> {
        match *self {}
    }
}

impl Source for SystemTimer {
    #[inline]
    fn register(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        match *self {}
    }

    #[inline]
    fn reregister(&mut self, _: &Registry, _: Token, _: Interest) -> io::Result<()> {
        match *self {}
    }

    #[inline]
    fn deregister(&mut self, _: &Registry) -> io::Result<()> {
        match *self {}
    }
}

/// The time since the machine started, suspension included; not known here.
#[inline]
pub(crate) fn time_since_boot() -> io::Result<Duration> {
    Err(io::ErrorKind::Unsupported.into())
}
