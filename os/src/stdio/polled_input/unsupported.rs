//! Standard input where no driver can wait for it: in a build without one, or on another system than Unix.

use std::io;
use std::task::{Context, Poll};

/// Standard input as a source of readiness; there is none.
#[derive(Debug)]
pub(in crate::stdio) enum PolledInput {}

impl PolledInput {
    pub(in crate::stdio) const fn new() -> Option<Self> {
        None
    }

    #[inline]
    pub(in crate::stdio) fn poll_input(&self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}

/// Never called, since there is no polled input.
#[inline]
pub(in crate::stdio) fn has_input_now() -> bool {
    true
}
