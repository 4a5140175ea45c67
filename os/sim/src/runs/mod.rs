//! Many runs: each seed in a process of its own, several at once, the first that fails explained.
//!
//! Idea        A process has statics, caches and addresses that one run leaves changed for the next. So the test's process starts
//!             itself again for each seed, with addresses that are the same each time.

mod child;
mod directories;
mod plan;
mod reduction;
mod run;
mod search;

pub(crate) use child::{PREEMPTION, Role, end_process, left_out, role};
pub(crate) use plan::Plan;
pub(crate) use search::{Failure, search};
