//! No signals: they were not asked for, or the system has none.

use mio::Token;

/// A token that no event carries.
pub(super) const TOKEN: Token = Token(usize::MAX - 1);

/// Nothing to dispatch.
pub(super) fn dispatch() {}
