//! What the attributes of the facade expand to; it is no part of the public API.

pub use selkie_macros::{tokio_main, tokio_main_rt, tokio_test, tokio_test_rt};
