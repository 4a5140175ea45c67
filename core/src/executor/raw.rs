//! What other executors need to offer their services; from outside of this crate it is `raw::executor`.

pub use super::services::{Services, SpawnFunction, set_services};
