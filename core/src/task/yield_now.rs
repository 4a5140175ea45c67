//! Giving the other tasks a turn.

use core::future::poll_fn;
use core::task::Poll;

use crate::coop::tell_pending;

/// Lets every other ready task of this executor run before the caller goes on.
///
/// # Cancel safety
/// Nothing is lost when the future is dropped.
///
/// # Cost
/// Three atomic operations, no system call.
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        tell_pending();
        Poll::Pending
    })
    .await;
}
