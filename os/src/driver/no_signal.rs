//! No signals: they were not asked for, or the system has none.

use std::io;

use mio::{Registry, Token};

/// A token that no event carries.
pub(super) const TOKEN: Token = Token(usize::MAX - 1);

/// Nothing to attach.
#[cfg_attr(not(feature = "signal"), allow(dead_code))]
pub(super) fn attach(_registry: &Registry) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Nothing to dispatch.
pub(super) fn dispatch() {}
