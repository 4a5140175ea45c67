//! What the macros' expansions name; no part of the public API.

pub use std::future::{Future, IntoFuture, poll_fn};
pub use std::pin::Pin;
pub use std::task::{Context, Poll, ready};

pub use selkie_core::coop::poll_budget_available;
pub use selkie_macros::{
    join_futures, select_branches, tokio_main, tokio_main_rt, tokio_test, tokio_test_rt,
    try_join_futures,
};

pub use super::maybe_done::{MaybeDone, maybe_done};
pub use super::random::thread_rng_n;
pub use super::rotation::{BiasedRotator, Rotator};
