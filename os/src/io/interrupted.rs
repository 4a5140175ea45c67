//! Calls that say `Interrupted`, which are made anew, as in std.
//!
//! Idea        Whoever loops until something is done tries an interrupted call again. A source that says
//!             nothing else would keep its thread: after some tries in a row the task is woken and
//!             pending, so that others run.
//!             Loops that run for each message keep the count themselves, which costs their usual way nothing.
//! Rejected    An error at the limit: what was read or written before would be lost with it.

use std::io;
use std::task::{Context, Poll, ready};

/// How often in a row a poll is made that says `Interrupted`, before other tasks run.
const ATTEMPTS: usize = 64;

/// How often in a row a loop's call was interrupted.
#[derive(Debug, Default)]
pub(super) struct Interruptions(usize);

impl Interruptions {
    /// What to do about a call's `error`: make it anew if it was interrupted, a little later if that was so
    /// for long; else tell it.
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

/// What `attempt` says that is not `Interrupted`.
#[inline]
pub(super) fn poll_uninterrupted<T>(
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
