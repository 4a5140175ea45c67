//! The cooperative budget: how a task that is always ready lets others run.

pub use selkie_core::coop::{
    Coop, RestoreOnPending, Unconstrained, consume_budget, cooperative, has_budget_remaining,
    poll_proceed, unconstrained,
};
