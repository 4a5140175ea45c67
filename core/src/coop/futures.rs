//! Futures that take part in the cooperative budget, or do not.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use super::budget::{Budget, poll_proceed, with_budget};

/// Takes one unit, and yields to the executor if none is left.
///
/// # Cancel safety
/// Nothing is lost when the future is dropped.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::task::coop::consume_budget;
///
/// let sum = selkie::spawn(async {
///     let mut sum = 0_u64;
///     for number in 0..10_000 {
///         sum += number;
///         // Computes without an operation of the runtime, but lets other tasks run now and then.
///         consume_budget().await;
///     }
///     sum
/// });
/// let other = selkie::spawn(async { "in between" });
/// assert_eq!(other.await.unwrap(), "in between");
/// assert!(!sum.is_finished());
/// assert_eq!(sum.await.unwrap(), 49_995_000);
/// # }
/// ```
pub async fn consume_budget() {
    core::future::poll_fn(|cx| {
        ready!(poll_proceed(cx)).made_progress();
        Poll::Ready(())
    })
    .await;
}

pin_project! {
    /// A future that is polled without a budget; made by [`unconstrained`].
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::coop::{Unconstrained, unconstrained};
    ///
    /// let future: Unconstrained<_> = unconstrained(async { 5 });
    /// assert_eq!(future.await, 5);
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Unconstrained<F> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Unconstrained<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let future = self.project().future;
        with_budget(Budget::unlimited(), || future.poll(cx))
    }
}

/// Exempts `future` from the budget: it may complete any number of operations in one poll.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::sync::mpsc;
/// use selkie::task::coop::unconstrained;
///
/// let (tx, mut rx) = mpsc::unbounded_channel();
/// (0..1000).for_each(|number| tx.send(number).unwrap());
/// drop(tx);
/// let mut received = 0;
/// // All in one poll, where a task would have yielded after 128.
/// let all = unconstrained(async {
///     while rx.recv().await.is_some() {
///         received += 1;
///     }
/// });
/// selkie::select! {
///     biased;
///     () = all => {}
///     () = std::future::ready(()) => panic!("it has yielded"),
/// }
/// assert_eq!(received, 1000);
/// # }
/// ```
pub fn unconstrained<F>(future: F) -> Unconstrained<F> {
    Unconstrained { future }
}

pin_project! {
    /// A future that takes one unit of budget for its completion; made by [`cooperative`].
    ///
    /// # Examples
    /// ```
    /// # #[selkie::main(flavor = "current_thread")]
    /// # async fn main() {
    /// use selkie::task::coop::{Coop, cooperative};
    ///
    /// let future: Coop<_> = cooperative(async { 5 });
    /// assert_eq!(future.await, 5);
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Coop<F: Future> {
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Coop<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let unit = ready!(poll_proceed(cx));
        let output = ready!(self.project().future.poll(cx));
        unit.made_progress();
        Poll::Ready(output)
    }
}

/// Makes `future` take part in the budget.
///
/// # Examples
/// ```
/// # #[selkie::main(flavor = "current_thread")]
/// # async fn main() {
/// use selkie::task::coop::cooperative;
///
/// let task = selkie::spawn(async {
///     // A future of another crate, which is always ready: in a loop it would never yield.
///     for _ in 0..1000 {
///         cooperative(std::future::ready(())).await;
///     }
/// });
/// selkie::task::yield_now().await;
/// assert!(!task.is_finished(), "it has yielded on the way");
/// task.await.unwrap();
/// # }
/// ```
pub fn cooperative<F: Future>(future: F) -> Coop<F> {
    Coop { future }
}
