//! Yielding: a future that lets other tasks run first.

use core::future::poll_fn;
use core::task::Poll;

use crate::coop::poll_proceed;
use crate::coop::raw::{is_traced, wake_deferred};

/// Lets every other ready task of this executor run before the caller goes on.
///
/// A hosted executor of one thread also looks at its driver and timers before.
///
/// # Cancel safety
/// Nothing is lost when the future is dropped.
///
/// # Cost
/// Three atomic operations, no system call.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use std::cell::RefCell;
/// use selkie::task::yield_now;
///
/// let order = RefCell::new(Vec::new());
/// let talk = async |name| {
///     for _ in 0..2 {
///         order.borrow_mut().push(name);
///         yield_now().await;
///     }
/// };
/// selkie::join!(biased; talk("a"), talk("b"));
/// assert_eq!(order.into_inner(), ["a", "b", "a", "b"]);
/// # }
/// ```
pub async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if is_traced() {
            return poll_proceed(cx).map(drop);
        }
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        wake_deferred(cx.waker());
        Poll::Pending
    })
    .await;
}
