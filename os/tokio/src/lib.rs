//! Tokio's public API on the Selkie runtime: nothing but re-exports.
#![allow(clippy::wildcard_imports)]

pub use selkie::*;
