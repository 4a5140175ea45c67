//! Watched that cannot be watched: without a driver, or where the system has no words for it.

use std::io;
use std::task::{Context, Poll};

/// The watched input; there is none.
#[derive(Debug)]
pub(super) enum Watched {}

impl Watched {
    pub(super) const fn new() -> Option<Self> {
        None
    }

    pub(super) fn poll_input(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}

/// Nobody asks who does not watch.
pub(super) fn input_is_there() -> bool {
    true
}
