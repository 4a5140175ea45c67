//! A future with a deadline.
//!
//! Idea        The future is polled first, then the timer: a future that is ready at its deadline is in time.
//! Invariants  I1 the timer is polled also when the future has used up the budget: then the timer is polled
//!                without a budget.
//! Rejected    The timer first: it would cost a look at every poll of a ready future, and throw
//!             away results that came in time.

use core::fmt;
use core::future::{Future, IntoFuture};
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use pin_project_lite::pin_project;

use super::instant::Instant;
use super::sleep::{Sleep, sleep, sleep_until};
use crate::coop::has_budget_remaining;
use crate::coop::raw::{Budget, with_budget};

/// The deadline passed before the future was ready.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::io;
/// use std::time::Duration;
/// use selkie::time::timeout;
///
/// let error = timeout(Duration::from_secs(1), std::future::pending::<()>()).await.unwrap_err();
/// assert_eq!(error.to_string(), "deadline has elapsed");
/// // `?` makes an error of the system of it.
/// assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut);
/// # }
/// ```
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl core::error::Error for Elapsed {}

/// Waits for `future`, for at most `duration` from now.
///
/// # Errors
/// The returned future yields [`Elapsed`] if `future` was not ready in time; `future` is dropped
/// with it.
///
/// # Panics
/// If there is no runtime here, or its timers are disabled.
///
/// # Cancel safety
/// As `future`'s own.
///
/// # Cost
/// A clock read; a timer's insert and cancel (four read-modify-writes) if `future` is not ready at
/// its first poll.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::sync::mpsc;
/// use selkie::time::timeout;
///
/// let (tx, mut rx) = mpsc::channel(1);
/// tx.send("in time").await.unwrap();
/// assert_eq!(timeout(Duration::from_secs(5), rx.recv()).await, Ok(Some("in time")));
/// // Nothing comes: after five seconds the wait is given up.
/// assert!(timeout(Duration::from_secs(5), rx.recv()).await.is_err());
/// # }
/// ```
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        value: future.into_future(),
        delay: sleep(duration),
    }
}

/// Waits for `future`, until `deadline` at the latest.
///
/// # Errors
/// The returned future yields [`Elapsed`] if `future` was not ready in time; `future` is dropped
/// with it.
///
/// # Panics
/// If there is no runtime here, or its timers are disabled.
///
/// # Cancel safety
/// As `future`'s own.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// use std::time::Duration;
/// use selkie::time::{Instant, sleep, timeout_at};
///
/// // One deadline for several steps.
/// let deadline = Instant::now() + Duration::from_secs(5);
/// assert!(timeout_at(deadline, sleep(Duration::from_secs(3))).await.is_ok());
/// assert!(timeout_at(deadline, sleep(Duration::from_secs(3))).await.is_err());
/// assert_eq!(Instant::now(), deadline);
/// # }
/// ```
#[track_caller]
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout {
        value: future.into_future(),
        delay: sleep_until(deadline),
    }
}

pin_project! {
    /// A future with a deadline; made by [`timeout`] and [`timeout_at`].
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// use std::time::Duration;
    /// use selkie::time::{Timeout, timeout};
    ///
    /// let limited: Timeout<_> = timeout(Duration::from_secs(1), async { 5 });
    /// assert_eq!(limited.await, Ok(5));
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Timeout<T> {
        #[pin]
        value: T,
        #[pin]
        delay: Sleep,
    }
}

impl<T> Timeout<T> {
    /// The future.
    pub fn get_ref(&self) -> &T {
        &self.value
    }

    /// The future, by a mutable reference.
    pub fn get_mut(&mut self) -> &mut T {
        &mut self.value
    }

    /// The future, without its deadline.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: Future> Future for Timeout<T> {
    type Output = Result<T::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let had_budget = has_budget_remaining();
        if let Poll::Ready(value) = this.value.poll(cx) {
            return Poll::Ready(Ok(value));
        }
        let delay = this.delay;
        if had_budget && !has_budget_remaining() {
            // I1: the future is greedy, the deadline holds all the same.
            ready!(with_budget(Budget::unlimited(), || delay.poll(cx)));
        } else {
            ready!(delay.poll(cx));
        }
        Poll::Ready(Err(Elapsed(())))
    }
}
