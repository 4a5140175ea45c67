//! Polls that return `Interrupted`, which are repeated, as in std.
//!
//! Idea        A loop that runs until something is done tries an interrupted call again. A source that returns
//!             nothing else would keep its thread: after some attempts in a row the task is woken and pending, so
//!             that other tasks run. Loops that run for each message keep the count themselves, so that their usual
//!             path costs nothing.
//! Rejected    An error at the limit: bytes that were read or written before it would be lost.

use std::io;
use std::task::{Context, Poll, ready};

/// How often in a row a poll that returns `Interrupted` is repeated before other tasks run.
const ATTEMPTS: usize = 64;

/// How often in a row a loop was interrupted.
#[derive(Debug, Default)]
pub(super) struct Interruptions(usize);

impl Interruptions {
    /// Decides what to do about `error`: if the call was interrupted, repeat it, or a little later after many
    /// interruptions; else return the error.
    #[cold]
    pub(super) fn after(&mut self, error: io::Error, cx: &Context<'_>) -> Poll<io::Result<()>> {
        if error.kind() != io::ErrorKind::Interrupted {
            return Poll::Ready(Err(error));
        }
        self.0 += 1;
        if self.0 < ATTEMPTS {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Repeats `attempt` until it returns something else than `Interrupted`.
#[inline]
pub(super) fn poll_retrying<T>(
    cx: &mut Context<'_>,
    mut attempt: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    let mut interruptions = Interruptions::default();
    loop {
        match ready!(attempt(cx)) {
            Ok(done) => return Poll::Ready(Ok(done)),
            Err(error) => ready!(interruptions.after(error, cx))?,
        }
    }
}
