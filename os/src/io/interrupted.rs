//! Calls that say `Interrupted`, which are made anew, as in std.
//!
//! Idea        Whoever loops until something is done tries an interrupted call again. A source that says
//!             nothing else would keep its thread: after some tries in a row the task is woken and
//!             pending, so that others run.
//! Rejected    An error at the limit: what was read or written before would be lost with it.

use std::io;
use std::task::{Context, Poll};

/// How often in a row a poll is made that says `Interrupted`, before other tasks run.
const ATTEMPTS: usize = 64;

/// What `attempt` says that is not `Interrupted`.
#[inline]
pub(super) fn poll_uninterrupted<T>(
    cx: &mut Context<'_>,
    mut attempt: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    for _ in 0..ATTEMPTS {
        match attempt(cx) {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}
