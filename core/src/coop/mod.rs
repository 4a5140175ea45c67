//! The cooperative budget: how many ready operations one poll of a task may complete.
//!
//! A channel that never runs empty could keep its reader at work for ever, and everybody else waiting. So each operation of
//! this crate takes a unit of the running poll's budget before it completes, and at zero has the task polled again later.
//! A future of your own takes part by [`poll_proceed`]:
//!
//! ```
//! use core::task::{Context, Poll, ready};
//!
//! fn poll_next(cx: &mut Context<'_>, ready_values: &mut Vec<u32>) -> Poll<u32> {
//!     let unit = ready!(selkie_core::coop::poll_proceed(cx));
//!     match ready_values.pop() {
//!         Some(value) => {
//!             unit.made_progress();
//!             Poll::Ready(value)
//!         }
//!         // The unit goes back: an operation that is pending keeps none.
//!         None => Poll::Pending,
//!     }
//! }
//! # let mut cx = Context::from_waker(core::task::Waker::noop());
//! # assert_eq!(poll_next(&mut cx, &mut vec![1]), Poll::Ready(1));
//! ```

mod deferred_waker;

mod budget;

mod futures;

pub(crate) mod raw;

pub use budget::{
    BUDGET_PER_POLL, RestoreOnPending, has_budget_remaining, poll_budget_available, poll_proceed,
};
pub use futures::{Coop, Unconstrained, consume_budget, cooperative, unconstrained};
