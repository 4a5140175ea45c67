//! The stack of a thread that is in a poll which does not end.

use std::fmt;
use std::sync::Arc;

use super::backtrace::{Backtrace, BacktraceFrame};
use super::tree;
use crate::sys::RawStack;

/// The calls that a thread was in, as [`StalledPoll::stack`](crate::runtime::StalledPoll::stack) and
/// [`Task::stack`](super::Task::stack) give them.
///
/// Its `Display` is a line for each call, outermost first, from the poll on.
#[derive(Debug, Clone)]
pub struct ThreadStack(pub(super) Arc<RawStack>);

impl ThreadStack {
    /// The calls, innermost first, with names, files and lines.
    ///
    /// # Cost
    /// Milliseconds: the process's debug information is read.
    pub fn resolve_backtrace(&self) -> Backtrace {
        let frames = self.0.addresses.iter();
        Backtrace::new(frames.map(|address| BacktraceFrame::resolve(*address, 0)))
    }

    /// Whether the stack is there from its outermost call. It ends before if a function has no information for unwinding, or
    /// if the stack is larger than 512 KiB.
    pub fn is_whole(&self) -> bool {
        self.0.is_whole
    }
}

impl fmt::Display for ThreadStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tree::write(&[self.resolve_backtrace()], f)
    }
}
