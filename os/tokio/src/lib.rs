//! Tokio's public API on the Selkie runtime: nothing but re-exports.
#![allow(clippy::wildcard_imports)]

pub use selkie::*;

#[cfg(all(feature = "macros", feature = "rt-multi-thread"))]
pub use selkie::macros::support::{tokio_main as main, tokio_test as test};
#[cfg(all(feature = "macros", not(feature = "rt-multi-thread")))]
pub use selkie::macros::support::{tokio_main_rt as main, tokio_test_rt as test};
