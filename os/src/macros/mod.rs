//! `task_local!`, and what the attributes of the facade expand to.

#[cfg(feature = "rt")]
mod task_local;

#[cfg(feature = "macros")]
pub mod support;
