//! No ring: files were not asked for, or the system has none.

use mio::Token;

/// A token that no event carries.
pub(super) const TOKEN: Token = Token(usize::MAX - 2);

/// Never a ring.
#[derive(Debug)]
pub(super) struct Lazy;

impl Lazy {
    pub(super) fn new(_is_wanted: bool) -> Self {
        Self
    }

    pub(super) fn turn(&self) -> bool {
        false
    }

    pub(super) fn submit(&self) {}

    pub(super) fn close(&self) {}
}
