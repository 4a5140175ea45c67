//! What the attributes of the facade expand to, and what programs written for Tokio name here; it is no part of the public API.

pub use selkie_core::macros::support::{below as thread_rng_n, *};
pub use selkie_macros::{tokio_main, tokio_main_rt, tokio_test, tokio_test_rt};
