//! `select!`, `join!`, `try_join!`, `pin!`, and what their expansions call.

#[cfg(feature = "macros")]
mod join;
mod pin;
#[cfg(feature = "macros")]
mod select;

#[cfg(feature = "macros")]
mod maybe_done;
#[cfg(feature = "macros")]
mod rotation;

#[cfg(feature = "macros")]
pub mod support;
