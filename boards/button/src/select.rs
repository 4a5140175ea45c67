//! Two futures, of which the first to be ready wins.

use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::Poll;

/// Which future was ready.
pub(crate) enum Either<A, B> {
    /// The one that is looked at first.
    Left(A),
    /// The other.
    Right(B),
}

/// Waits for one of two futures and drops the other; if both are ready, `left` wins.
pub(crate) async fn select<A: Future, B: Future>(
    left: A,
    right: B,
) -> Either<A::Output, B::Output> {
    let mut left = pin!(left);
    let mut right = pin!(right);
    poll_fn(|cx| {
        if let Poll::Ready(output) = left.as_mut().poll(cx) {
            return Poll::Ready(Either::Left(output));
        }
        right.as_mut().poll(cx).map(Either::Right)
    })
    .await
}
