//! The cooperative budget: how a task that is always ready lets others run.
//!
//! A worker polls one task at a time, and nothing interrupts a poll. A task that reads from a socket which always has
//! data would keep all others of its worker waiting. So each poll of a task has a budget of 128 units. Reading, receiving, locking,
//! sleeping: each operation of this crate that completes takes one unit. When none is left, the next operation says
//! that it is not ready, and the task is polled again after the others.
//!
//! ```
//! use selkie::sync::mpsc;
//!
//! # #[selkie::main(flavor = "current_thread")]
//! # async fn main() {
//! let (tx, mut rx) = mpsc::unbounded_channel();
//! (0..1000).for_each(|number| tx.send(number).unwrap());
//! drop(tx);
//! let receiver = selkie::spawn(async move { while rx.recv().await.is_some() {} });
//! selkie::task::yield_now().await;
//! // All the values were there, and yet this task had its turn in between.
//! assert!(!receiver.is_finished());
//! receiver.await.unwrap();
//! # }
//! ```
//!
//! | for | use |
//! |---|---|
//! | a loop that computes, without operations of this crate | [`consume_budget`] |
//! | a future of another crate that is often ready | [`cooperative`] |
//! | a future that is written by hand | [`poll_proceed`] |
//! | a future that shall not yield | [`unconstrained`] |
//!
//! Outside of a task there is no limit, and a future that is given to `block_on` has a budget as a task has.

pub use selkie_core::coop::{
    Coop, RestoreOnPending, Unconstrained, consume_budget, cooperative, has_budget_remaining,
    poll_proceed, unconstrained,
};
