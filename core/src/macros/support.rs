//! What the macros' expansions name; no part of the public API.

pub use core::future::{Future, IntoFuture, poll_fn};
pub use core::pin::Pin;
pub use core::task::{Context, Poll, ready};

pub use selkie_macros::{join_futures, select_branches, try_join_futures};

pub use super::maybe_done::{MaybeDone, maybe_done};
pub use super::rotation::{BiasedRotator, Rotator};
pub use crate::coop::poll_budget_available;
pub use crate::random::below;
