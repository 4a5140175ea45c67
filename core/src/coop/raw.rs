//! What schedulers need of the budget; from outside of this crate it is `raw::coop`.

pub use super::budget::{
    Budget, apart, budget, is_traced, note_pending, on_forced_yield, poll_leaf, poll_spare, resume,
    stop, traced, with_budget,
};
pub use super::deferred_waker::{set_deferral, set_forced_deferral, wake_deferred};
